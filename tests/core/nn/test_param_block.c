#include "support/test_device.h"
#include "support/models.h"

#include <stdint.h>

#include "autograd/backward.h"
#include "base/alloc.h"
#include "nn/param_block.h"
#include "ops/ops.h"
#include "tensor/scope.h"

/* Two used parameters around one that no loss here touches. */
static lks_param_block *make_block(void)
{
    const lks_param_spec specs[] = {{"0.weight", LKS_SHAPE_OF(3, 7)},
                                    {"1.weight", LKS_SHAPE_OF(16)},
                                    {"2.weight", LKS_SHAPE_OF(5)}};
    lks_param_block *block;

    ck_ok(lks_param_block_create(specs, 3, test_device(), &block));
    return block;
}

static lks_tensor *tensor(const lks_param_block *block, size_t i)
{
    return lks_param_block_at(block, i)->tensor;
}

/* d/dp of sum(2 p0) + sum(3 p2) */
static void run_backward(const lks_param_block *block)
{
    lks_scope_open();
    ck_ok(lks_backward(lks_add(lks_sum_all(lks_mul_scalar(tensor(block, 0), 2)),
                               lks_sum_all(lks_mul_scalar(tensor(block, 2), 3)))));
    lks_scope_close();
}

enum { NUMEL = 64 };

static void assert_all(const lks_param_block *block, const lks_view *flat, size_t i,
                       float want)
{
    const lks_param *param = lks_param_block_at(block, i);
    float values[NUMEL];

    flat_get(flat, values);
    for (size_t j = 0; j < param->numel; j++)
        ck_assert_float_eq(values[param->offset + j], want);
}

static void assert_gaps(const lks_param_block *block, const lks_view *flat, float want)
{
    float values[NUMEL];

    flat_get(flat, values);
    for (size_t i = 0, end; i < lks_param_block_count(block); i++) {
        const lks_param *param = lks_param_block_at(block, i);

        end = i + 1 < lks_param_block_count(block)
                  ? lks_param_block_at(block, i + 1)->offset
                  : lks_param_block_numel(block);
        for (size_t j = param->offset + param->numel; j < end; j++)
            ck_assert_float_eq(values[j], want);
    }
}

START_TEST(parameters_lie_in_order_on_cache_lines_in_a_zeroed_block)
{
    lks_param_block *block = make_block();
    float values[NUMEL], grads[NUMEL];

    ck_assert_uint_eq(lks_param_block_count(block), 3);
    ck_assert_uint_eq(lks_param_block_at(block, 0)->offset, 0);
    ck_assert_uint_eq(lks_param_block_at(block, 1)->offset, 32);
    ck_assert_uint_eq(lks_param_block_at(block, 2)->offset, 48);
    ck_assert_uint_eq(lks_param_block_numel(block), 64);
    ck_assert_str_eq(lks_param_block_at(block, 1)->name, "1.weight");
    ck_assert_uint_eq(lks_param_block_at(block, 0)->numel, 21);
    ck_assert_uint_eq((uintptr_t)lks_param_block_values(block)->data % 64, 0);
    ck_assert_uint_eq((uintptr_t)lks_param_block_grads(block)->data % 64, 0);
    ck_ok(lks_param_block_read(block, values));
    flat_get(lks_param_block_grads(block), grads);
    for (size_t i = 0; i < NUMEL; i++) {
        ck_assert_float_eq(values[i], 0);
        ck_assert_float_eq(grads[i], 0);
    }
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(tensors_are_leaves_that_view_the_block)
{
    lks_param_block *block = make_block();
    lks_shape want = LKS_SHAPE_OF(3, 7), got = lks_sizes(tensor(block, 0));

    ck_assert(lks_shape_equal(&got, &want));
    for (size_t i = 0; i < 3; i++) {
        const lks_param *param = lks_param_block_at(block, i);

        ck_assert(lks_requires_grad(param->tensor));
        ck_assert_ptr_eq(
            lks_data(param->tensor),
            lks_view_at(lks_param_block_values(block), (int64_t)param->offset));
    }
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(gradients_land_in_the_block_and_add_up_until_zeroed)
{
    lks_param_block *block = make_block();
    const lks_view *grads = lks_param_block_grads(block);

    run_backward(block);
    assert_all(block, grads, 0, 2);
    assert_all(block, grads, 2, 3);
    run_backward(block);
    assert_all(block, grads, 0, 4);
    lks_param_block_zero_grad(block);
    run_backward(block);
    assert_all(block, grads, 0, 2);
    assert_all(block, grads, 2, 3);
    assert_gaps(block, grads, 0);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(redirected_gradients_land_in_the_callers_block_alone)
{
    lks_param_block *block = make_block();
    lks_grad_block *grads;
    const lks_view *mine;

    ck_ok(lks_param_block_create_grads(block, &grads));
    mine = lks_grad_block_view(grads);
    assert_gaps(block, mine, 0);
    run_backward(block);
    for (int round = 0; round < 2; round++) {
        const lks_param *unused = lks_param_block_at(block, 1);
        const lks_view part = lks_view_part(mine, unused->offset, unused->numel);

        ck_ok(lks_device_kernels(mine->device)->fill(&part, 77));
        lks_param_block_land_in(block, grads);
        run_backward(block);
        assert_all(block, mine, 0, 2);
        assert_all(block, mine, 1, 77);
        assert_all(block, mine, 2, 3);
        ck_ok(lks_param_block_fill_missing_grads(block));
        assert_all(block, mine, 0, 2);
        assert_all(block, mine, 1, 0);
        assert_gaps(block, mine, 0);
    }
    assert_all(block, lks_param_block_grads(block), 0, 2);
    lks_param_block_land_in(block, NULL);
    run_backward(block);
    assert_all(block, lks_param_block_grads(block), 0, 2);
    lks_grad_block_destroy(grads);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(an_unused_parameter_loses_its_stale_gradient_when_filled)
{
    lks_param_block *block = make_block();

    lks_scope_open();
    ck_ok(lks_backward(lks_sum_all(tensor(block, 1))));
    lks_scope_close();
    assert_all(block, lks_param_block_grads(block), 1, 1);
    lks_param_block_zero_grad(block);
    run_backward(block);
    ck_ok(lks_param_block_fill_missing_grads(block));
    assert_all(block, lks_param_block_grads(block), 1, 0);
    assert_all(block, lks_param_block_grads(block), 2, 3);
    lks_param_block_destroy(block);
}
END_TEST

typedef struct heard {
    int times[3];
    const lks_param_block *block;
} heard;

static void listen(void *context, size_t i)
{
    heard *h = context;

    h->times[i]++;
    assert_all(h->block, lks_param_block_grads(h->block), i, i == 0 ? 2 : 3);
}

START_TEST(ready_is_told_once_a_used_parameter_when_its_gradient_is_whole)
{
    lks_param_block *block = make_block();
    heard h = {.block = block};

    lks_param_block_on_ready(block, listen, &h);
    run_backward(block);
    ck_assert(h.times[0] == 1 && h.times[1] == 0 && h.times[2] == 1);
    lks_param_block_on_ready(block, NULL, NULL);
    run_backward(block);
    ck_assert(h.times[0] == 1 && h.times[1] == 0 && h.times[2] == 1);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(any_changed_bit_changes_the_hash)
{
    lks_param_block *block = make_block();
    uint32_t words[NUMEL] = {0};
    uint64_t seen[NUMEL * 32 + 1];
    size_t n = 0, n_equal = 0;

    seen[n++] = hash_of(block);
    for (size_t i = 0; i < NUMEL; i++)
        for (int bit = 0; bit < 32; bit++) {
            words[i] ^= 1u << bit;
            flat_put(lks_param_block_values(block), words);
            seen[n++] = hash_of(block);
            words[i] ^= 1u << bit;
        }
    flat_put(lks_param_block_values(block), words);
    ck_assert(hash_of(block) == seen[0]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            n_equal += seen[i] == seen[j];
    ck_assert_uint_eq(n_equal, 0);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(swapped_values_change_the_hash)
{
    lks_param_block *block = make_block();
    float values[NUMEL] = {[0] = 1, [8] = 2}, swapped[NUMEL] = {[0] = 2, [8] = 1};
    uint64_t one_way;

    flat_put(lks_param_block_values(block), values);
    one_way = hash_of(block);
    flat_put(lks_param_block_values(block), swapped);
    ck_assert(one_way != hash_of(block));
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(a_block_too_large_for_memory_is_refused)
{
    const lks_param_spec huge[] = {{"0.weight", LKS_SHAPE_OF((int64_t)1 << 60)},
                                   {"1.weight", LKS_SHAPE_OF((int64_t)1 << 61)}};
    const lks_param_spec negative[] = {{"0.weight", LKS_SHAPE_OF(2, -1)}};
    lks_param_block *block = NULL;

    ck_fails(lks_param_block_create(huge, 2, test_device(), &block), LKS_NOMEM,
             "1.weight");
    ck_fails(lks_param_block_create(negative, 1, test_device(), &block), LKS_SHAPE,
             "(2, -1) has a negative size");
    ck_assert_ptr_null(block);
}
END_TEST

START_TEST(a_block_may_be_empty)
{
    lks_param_block *block;

    ck_ok(lks_param_block_create(NULL, 0, test_device(), &block));
    ck_assert_uint_eq(lks_param_block_numel(block), 0);
    ck_ok(lks_param_block_fill_missing_grads(block));
    hash_of(block);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(create_survives_every_failing_allocation)
{
    const lks_param_spec specs[] = {{"0.weight", LKS_SHAPE_OF(3, 7)},
                                    {"0.bias", LKS_SHAPE_OF(3)}};
    bool failed = true;

    for (long n = 0; failed; n++) {
        lks_param_block *block = NULL;
        lks_status st;

        ck_assert_int_lt(n, 200);
        lks_alloc_fail_after(n);
        st = lks_param_block_create(specs, 2, test_device(), &block);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert(failed == (block == NULL));
        lks_error_clear();
        lks_param_block_destroy(block);
    }
}
END_TEST

START_TEST(another_block_survives_every_failing_allocation)
{
    lks_param_block *block = make_block();
    bool failed = true;

    for (long n = 0; failed; n++) {
        lks_grad_block *grads = NULL;

        ck_assert_int_lt(n, 200);
        lks_alloc_fail_after(n);
        lks_status st = lks_param_block_create_grads(block, &grads);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert(failed == (grads == NULL));
        lks_error_clear();
        lks_grad_block_destroy(grads);
    }
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(a_block_is_of_f32_or_f64)
{
    const lks_param_spec spec = {"w", LKS_SHAPE_OF(3)};
    lks_param_block *block = NULL;
    double values[16];

    ck_fails(lks_param_block_create_typed(&spec, 1, LKS_F16, test_device(), &block),
             LKS_DTYPE, "parameters are float32 or float64, not float16");
    ck_ok(lks_param_block_create_typed(&spec, 1, LKS_F64, test_device(), &block));
    ck_assert_int_eq(lks_tensor_dtype(tensor(block, 0)), LKS_F64);
    ck_assert_int_eq(lks_param_block_grads(block)->dtype, LKS_F64);
    lks_param_block_zero_grad(block);
    lks_scope_open();
    ck_ok(lks_backward(lks_sum_all(lks_mul_scalar(tensor(block, 0), 0.1))));
    lks_scope_close();
    ck_ok(lks_to_host(lks_param_block_at(block, 0)->tensor, values));
    flat_get(lks_param_block_grads(block), values);
    ck_assert(values[2] == 0.1 && values[3] == 0);
    lks_param_block_destroy(block);
}
END_TEST

LKS_SUITE("param_block", a_block_is_of_f32_or_f64,
          parameters_lie_in_order_on_cache_lines_in_a_zeroed_block,
          tensors_are_leaves_that_view_the_block,
          gradients_land_in_the_block_and_add_up_until_zeroed,
          redirected_gradients_land_in_the_callers_block_alone,
          an_unused_parameter_loses_its_stale_gradient_when_filled,
          ready_is_told_once_a_used_parameter_when_its_gradient_is_whole,
          any_changed_bit_changes_the_hash, swapped_values_change_the_hash,
          a_block_too_large_for_memory_is_refused, a_block_may_be_empty,
          create_survives_every_failing_allocation,
          another_block_survives_every_failing_allocation)
