/* Dropout, the optimisers and the passes over flat blocks. */
#include "core/cpu/views.h"

#include "device.h"

static const int64_t lengths[] = {0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 200, 1000};

enum { N_LENGTHS = sizeof lengths / sizeof *lengths };

START_TEST(dropout_keeps_what_the_stream_says)
{
    const lks_rng rng = {.seed = 77ull << 32 | 5, .step = 3, .lane = 2, .layer = 9};

    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 2 * 3 * N_LENGTHS; test++) {
        const double ps[] = {0, 0.25, 0.9};
        int64_t n = lengths[test / 6];
        double p = ps[test % 3];
        lks_dtype dtype = test / 3 % 2 ? LKS_F64 : LKS_F32;
        array x = array_random(dtype, SIZES(n), 1, 1), y = array_new(dtype, SIZES(n), 2);
        float u[1000];

        lks_rng_uniform_f32(&rng, 0, (size_t)n, u);
        ck_ok(k->dropout(&x.view, p, &rng, &y.view));
        for (int64_t i = 0; i < n; i++) {
            double want = (double)u[i] >= p ? get(&x, i) / (1 - p) : 0;

            ck_assert_msg(fabs(get(&y, i) - want) <= 2e-7 * fabs(want),
                          "%s: element %d is %g, not %g", isa, (int)i, get(&y, i), want);
        }
        array_free(&x);
        array_free(&y);
    }
}
END_TEST

START_TEST(dropout_refuses_integers_by_name)
{
    const lks_rng rng = {.seed = 1};
    array x = array_new(LKS_I32, SIZES(4), 0);

    ck_fails(lks_cpu_kernels()->dropout(&x.view, 0.5, &rng, &x.view), LKS_DTYPE,
             "dropout does not take int32");
    array_free(&x);
}
END_TEST

/* Every other option on and off; source: torch.optim.SGD's documentation. */
START_TEST(sgd_is_the_definition_over_several_steps)
{
    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 16 * N_LENGTHS; test++) {
        int64_t n = lengths[test / 16];
        const bool nesterov = test & 8 && test & 1;
        const double dampening = test & 2 && !(test & 8) ? 0.3 : 0;
        const lks_update update = nesterov   ? LKS_UPDATE_nesterov
                                  : test & 1 ? LKS_UPDATE_momentum
                                             : LKS_UPDATE_sgd;
        lks_rates params = {
            .clip = (double)INFINITY,
            .lr = 0.1,
            .beta1 = test & 1 ? 0.9 : 0,
            .decay = test & 4 ? 0.01 : 0,
            .scale = test & 4 ? 0.25 : 1,
        };
        array param = array_random(LKS_F32, SIZES(n), 1, 1),
              buf = array_new(LKS_F32, SIZES(n), 3);
        array want = array_random(LKS_F64, SIZES(n), 0, 1),
              want_buf = array_new(LKS_F64, SIZES(n), 0);

        ck_ok(k->fill(&buf.view, 0));
        for (uint64_t step = 0; step < 3; step++) {
            array grad = array_random(LKS_F32, SIZES(n), 2, 10 + step);

            params.take1 = step == 0 ? 1 : 1 - dampening;
            ck_ok(k->optim(update, &params, &grad.view, &param.view, &buf.view));
            for (int64_t i = 0; i < n; i++) {
                double d = params.scale * get(&grad, i) + params.decay * get(&want, i);
                double b = step == 0
                               ? d
                               : params.beta1 * get(&want_buf, i) + (1 - dampening) * d;

                put_at(&want_buf.view, i, b);
                if (params.beta1 > 0)
                    d = nesterov ? d + params.beta1 * b : b;
                put_at(&want.view, i, get(&want, i) - params.lr * d);
            }
            array_free(&grad);
        }
        assert_close(isa, &param, &want, 1e-6);
        array_free(&param);
        array_free(&buf);
        array_free(&want);
        array_free(&want_buf);
    }
}
END_TEST

/* source: torch.optim.Adam's documentation */
START_TEST(adam_is_the_definition_over_several_steps)
{
    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 2 * N_LENGTHS; test++) {
        int64_t n = lengths[test / 2];
        lks_rates params = {.clip = (double)INFINITY,
                            .keep = 1,
                            .beta1 = 0.9,
                            .take1 = 1 - 0.9,
                            .beta2 = 0.999,
                            .take2 = 1 - 0.999,
                            .eps = 1e-8,
                            .decay = test & 1 ? 0.1 : 0,
                            .scale = test & 1 ? 0.25 : 1};
        array param = array_random(LKS_F32, SIZES(n), 1, 1);
        array m = array_new(LKS_F32, SIZES(n), 0), v = array_new(LKS_F32, SIZES(n), 0);
        array want = array_random(LKS_F64, SIZES(n), 0, 1);
        array want_m = array_new(LKS_F64, SIZES(n), 0),
              want_v = array_new(LKS_F64, SIZES(n), 0);

        for (uint64_t step = 1; step < 5; step++) {
            array grad = array_random(LKS_F32, SIZES(n), 2, 10 + step);
            double unbias1 = 1 - pow(params.beta1, (double)step);
            double unbias2 = 1 - pow(params.beta2, (double)step);

            const lks_view states[] = {m.view, v.view};

            params.lr = 0.01 / unbias1;
            params.unbias = 1 / sqrt(unbias2);
            ck_ok(k->optim(LKS_UPDATE_adam, &params, &grad.view, &param.view, states));
            for (int64_t i = 0; i < n; i++) {
                double g = params.scale * get(&grad, i) + params.decay * get(&want, i);

                put_at(&want_m.view, i,
                       params.beta1 * get(&want_m, i) + (1 - params.beta1) * g);
                put_at(&want_v.view, i,
                       params.beta2 * get(&want_v, i) + (1 - params.beta2) * g * g);
                put_at(&want.view, i,
                       get(&want, i) -
                           0.01 * (get(&want_m, i) / unbias1) /
                               (sqrt(get(&want_v, i) / unbias2) + params.eps));
            }
            array_free(&grad);
        }
        assert_close(isa, &param, &want, 1e-6);
        assert_close(isa, &m, &want_m, 1e-6);
        assert_close(isa, &v, &want_v, 1e-6);
        array_free(&param);
        array_free(&m);
        array_free(&v);
        array_free(&want);
        array_free(&want_m);
        array_free(&want_v);
    }
}
END_TEST

START_TEST(flat_blocks_are_added_and_squared)
{
    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < N_LENGTHS; test++) {
        int64_t n = lengths[test];
        array x = array_random(LKS_F32, SIZES(n), 1, 1),
              y = array_random(LKS_F32, SIZES(n), 3, 2);
        array old = array_random(LKS_F32, SIZES(n), 0, 2);
        double sum, want = 0;
        const lks_view total = lks_view_flat(lks_cpu, &sum, LKS_F64, 1);

        ck_ok(k->binary(LKS_BINARY_add, &y.view, &x.view, &y.view));
        for (int64_t i = 0; i < n; i++) {
            ck_assert_msg(get(&y, i) == (double)((float)get(&x, i) + (float)get(&old, i)),
                          "%s", isa);
            want += get(&x, i) * get(&x, i);
        }
        ck_ok(k->reduce(LKS_REDUCE_SUM_SQUARES, &x.view, &total));
        ck_assert_double_eq_tol(sum, want, 1e-12);
        array_free(&x);
        array_free(&y);
        array_free(&old);
    }
}
END_TEST

/* Lane sums are added in a tree: what a slice holds must not depend on where it begins.
 */
START_TEST(a_slice_of_a_pass_has_the_bits_of_the_whole)
{
    enum { N = 300000, FIRST = 12345, COUNT = 77777 };
    const lks_rates rates = {
        .clip = 1, .lr = 0.1, .beta1 = 0.9, .take1 = 1, .decay = 0.01, .scale = 1};
    array g = array_random(LKS_F32, SIZES(N), 0, 1);

    FOR_EACH_TABLE(k, isa)
    {
        array p1 = array_random(LKS_F32, SIZES(N), 0, 2),
              p2 = array_random(LKS_F32, SIZES(N), 0, 2);
        array b1 = array_random(LKS_F32, SIZES(N), 0, 3),
              b2 = array_random(LKS_F32, SIZES(N), 0, 3);

        const lks_view g_part = lks_view_part(&g.view, FIRST, COUNT);
        const lks_view p_part = lks_view_part(&p2.view, FIRST, COUNT);
        const lks_view b_part = lks_view_part(&b2.view, FIRST, COUNT);

        lks_set_num_threads(lks_cpu, 3);
        ck_ok(k->optim(LKS_UPDATE_momentum, &rates, &g.view, &p1.view, &b1.view));
        lks_set_num_threads(lks_cpu, 1);
        ck_ok(k->optim(LKS_UPDATE_momentum, &rates, &g_part, &p_part, &b_part));
        ck_assert_msg(memcmp((float *)p1.view.data + FIRST, (float *)p2.view.data + FIRST,
                             COUNT * sizeof(float)) == 0,
                      "%s: other bits", isa);
        array_free(&p1);
        array_free(&p2);
        array_free(&b1);
        array_free(&b2);
    }
    array_free(&g);
}
END_TEST

LKS_SUITE("flat", dropout_keeps_what_the_stream_says, dropout_refuses_integers_by_name,
          sgd_is_the_definition_over_several_steps,
          adam_is_the_definition_over_several_steps, flat_blocks_are_added_and_squared,
          a_slice_of_a_pass_has_the_bits_of_the_whole)
