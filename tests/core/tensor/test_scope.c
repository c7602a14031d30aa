#include "support/suite.h"

#include <pthread.h>

#include "lockstep.h"
#include "tensor/tensor_impl.h"

static lks_tensor *one(void)
{
    return lks_ones(LKS_SHAPE_OF(2), LKS_F32, lks_cpu);
}

/* Watch t beyond its scope: the count is what others hold. */
static int others(const lks_tensor *watched)
{
    return watched->n_refs - 1;
}

START_TEST(what_a_scope_owns_dies_with_it)
{
    lks_tensor *inner, *outer;

    ck_ok(lks_scope_open());
    outer = lks_ref(one());
    ck_ok(lks_scope_open());
    inner = lks_ref(one());
    ck_assert_int_eq(others(inner), 1);
    lks_scope_close();
    ck_assert_int_eq(others(inner), 0);
    ck_assert_int_eq(others(outer), 1);
    lks_scope_close();
    ck_assert_int_eq(others(outer), 0);
    lks_unref(inner);
    lks_unref(outer);
}
END_TEST

START_TEST(without_a_scope_a_tensor_is_the_callers)
{
    lks_tensor *t = one();

    ck_assert_int_eq(t->n_refs, 1);
    lks_unref(t);
    lks_unref(NULL);
}
END_TEST

START_TEST(what_is_kept_is_the_callers)
{
    lks_tensor *kept;

    ck_ok(lks_scope_open());
    kept = lks_keep(one());
    one();
    ck_assert_int_eq(kept->n_refs, 1);
    lks_scope_close();
    ck_assert_int_eq(kept->n_refs, 1);
    /* owned by no scope: one more reference */
    ck_assert_ptr_eq(lks_keep(kept), kept);
    ck_assert_int_eq(kept->n_refs, 2);
    lks_unref(kept);
    lks_unref(kept);
    ck_assert_ptr_null(lks_keep(NULL));
}
END_TEST

START_TEST(what_an_outer_scope_owns_gains_a_reference)
{
    ck_ok(lks_scope_open());
    lks_tensor *t = one();
    ck_ok(lks_scope_open());
    ck_assert_ptr_eq(lks_keep(t), t);
    ck_assert_int_eq(t->n_refs, 2);
    lks_scope_close();
    lks_scope_close();
    ck_assert_int_eq(t->n_refs, 1);
    lks_unref(t);
}
END_TEST

START_TEST(what_is_returned_moves_one_scope_out)
{
    lks_tensor *a, *b;

    ck_ok(lks_scope_open());
    ck_ok(lks_scope_open());
    one();
    a = lks_scope_return(one());
    one();
    b = lks_scope_return(one());
    one();
    lks_ref(a);
    lks_scope_close();
    ck_assert_int_eq(others(a), 1);
    /* now the outer scope's: it can be kept, returned again, or die */
    ck_assert_ptr_eq(lks_keep(b), b);
    ck_assert_int_eq(b->n_refs, 1);
    lks_unref(b);
    lks_scope_return(a);
    lks_scope_close();
    ck_assert_int_eq(others(a), 1);
    lks_unref(a);
    lks_unref(a);
    ck_assert_ptr_null(lks_scope_return(NULL));
}
END_TEST

START_TEST(returning_what_is_not_this_scopes_changes_nothing)
{
    ck_ok(lks_scope_open());
    lks_tensor *t = lks_ref(one());
    ck_ok(lks_scope_open());
    lks_scope_return(t);
    lks_scope_close();
    ck_assert_int_eq(others(t), 1);
    lks_scope_close();
    ck_assert_int_eq(others(t), 0);
    lks_unref(t);
}
END_TEST

START_TEST(what_an_operation_borrowed_is_still_the_scopes_to_return)
{
    lks_tensor *h;

    ck_ok(lks_scope_open());
    ck_ok(lks_scope_open());
    h = lks_ref(lks_relu(one()));
    lks_softmax(h, -1); /* opens a scope of its own, and asks for a dense h there */
    lks_scope_return(h);
    lks_scope_close();
    ck_assert_int_eq(others(h), 1);
    lks_softmax(h, -1);
    lks_unref(lks_keep(h));
    ck_assert_int_eq(others(h), 0);
    lks_scope_close();
    ck_assert_int_eq(others(h), 0);
    lks_unref(h);
}
END_TEST

START_TEST(an_argument_given_back_is_returned_with_an_owner_of_its_own)
{
    lks_tensor *t = one();

    ck_ok(lks_scope_open());
    ck_ok(lks_scope_open());
    ck_assert_ptr_eq(lks_scope_return(lks_contiguous(t)), t);
    lks_scope_close();
    ck_assert_int_eq(t->n_refs, 2);
    lks_scope_close();
    ck_assert_int_eq(t->n_refs, 1);
    lks_unref(t);
}
END_TEST

START_TEST(an_operation_that_gives_back_its_argument_adds_an_owner)
{
    lks_tensor *t = one(), *same = lks_contiguous(t);

    ck_assert_ptr_eq(same, t);
    ck_assert_int_eq(t->n_refs, 2);
    lks_unref(same);
    ck_ok(lks_scope_open());
    ck_assert_ptr_eq(lks_to(t, LKS_F32), t);
    lks_scope_close();
    ck_assert_int_eq(t->n_refs, 1);

    /* also where the argument is the scope's: each entry lets go once */
    ck_ok(lks_scope_open());
    lks_tensor *u = lks_ref(one());
    lks_contiguous(lks_contiguous(u));
    lks_unref(lks_keep(u));
    lks_scope_close();
    ck_assert_int_eq(others(u), 0);
    lks_unref(u);
    lks_unref(t);
}
END_TEST

START_TEST(many_tensors_in_many_scopes)
{
    enum { DEPTH = 50, WIDTH = 40 };
    lks_tensor *kept[DEPTH];

    for (int d = 0; d < DEPTH; d++) {
        ck_ok(lks_scope_open());
        for (int i = 0; i < WIDTH; i++)
            one();
        kept[d] = lks_keep(one());
    }
    for (int d = 0; d < DEPTH; d++)
        lks_scope_close();
    for (int d = 0; d < DEPTH; d++) {
        ck_assert_int_eq(kept[d]->n_refs, 1);
        lks_unref(kept[d]);
    }
}
END_TEST

static void *own_scope(void *unused)
{
    (void)unused;
    ck_assert(lks_grad_enabled());
    if (lks_scope_open() != LKS_OK)
        return NULL;
    for (int i = 0; i < 1000; i++)
        lks_neg(one());
    lks_scope_close();
    return NULL;
}

START_TEST(each_thread_has_scopes_of_its_own)
{
    pthread_t threads[3];

    lks_set_grad_enabled(false);
    ck_ok(lks_scope_open());
    lks_tensor *t = lks_ref(one());
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, own_scope, NULL), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(others(t), 1);
    lks_scope_close();
    lks_unref(t);
    ck_assert(!lks_set_grad_enabled(true));
}
END_TEST

/* A weight that threads share: each reads it in a scope of its own. */
static void *read_shared(void *weight)
{
    for (int i = 0; i < 1000; i++) {
        if (lks_scope_open() != LKS_OK)
            return NULL;
        lks_softmax(weight, -1);
        lks_scope_return(lks_contiguous(weight));
        lks_scope_close();
        lks_unref(weight);
    }
    return weight;
}

START_TEST(threads_may_read_one_tensor_in_scopes_of_their_own)
{
    pthread_t threads[3];
    lks_tensor *weight = one();
    void *read;

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_shared, weight), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &read);
        ck_assert_ptr_eq(read, weight);
    }
    ck_assert_int_eq(weight->n_refs, 1);
    lks_unref(weight);
}
END_TEST

START_TEST(a_scope_that_cannot_grow_lets_its_tensor_go)
{
    lks_tensor *t = one();
    int n_failed = 0;

    ck_ok(lks_scope_open());
    for (int i = 0; i < 300; i++) {
        lks_tensor *again;

        lks_error_clear();
        lks_alloc_fail_after(0);
        again = lks_scope_own(lks_ref(t));
        lks_alloc_fail_after(-1);
        n_failed += again == NULL;
        ck_assert_int_eq(t->n_refs, 2 + i - n_failed);
        ck_assert(again != NULL || lks_error_status() == LKS_NOMEM);
    }
    ck_assert_int_gt(n_failed, 0);
    lks_scope_close();
    ck_assert_int_eq(t->n_refs, 1);
    lks_unref(t);
    lks_error_clear();
}
END_TEST

LKS_SUITE("scope", what_a_scope_owns_dies_with_it,
          without_a_scope_a_tensor_is_the_callers, what_is_kept_is_the_callers,
          what_an_outer_scope_owns_gains_a_reference,
          what_is_returned_moves_one_scope_out,
          returning_what_is_not_this_scopes_changes_nothing,
          what_an_operation_borrowed_is_still_the_scopes_to_return,
          an_argument_given_back_is_returned_with_an_owner_of_its_own,
          an_operation_that_gives_back_its_argument_adds_an_owner,
          many_tensors_in_many_scopes, each_thread_has_scopes_of_its_own,
          threads_may_read_one_tensor_in_scopes_of_their_own,
          a_scope_that_cannot_grow_lets_its_tensor_go)
