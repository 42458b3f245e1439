/* Communicators and groups: who is in them, that their messages stay apart, attributes, and that freeing frees. */
#include "tap_mpi.h"

static void check_split(void)
{
    MPI_Comm half, none;
    int rank, size, before = 0;
    MPI_Comm_split(MPI_COMM_WORLD, tap_rank % 2, -tap_rank, &half);
    MPI_Comm_rank(half, &rank);
    MPI_Comm_size(half, &size);
    for (int r = tap_rank + 1; r < tap_size; r++)
        before += r % 2 == tap_rank % 2;
    check(tap_same_int("rank", rank, before), "split orders by key");
    check(tap_same_int("size", size, (tap_size + 1 - tap_rank % 2) / 2), "split sizes its halves");
    MPI_Comm_free(&half);
    MPI_Comm_split(MPI_COMM_WORLD, tap_rank == 0 ? MPI_UNDEFINED : 0, 0, &none);
    check((none == MPI_COMM_NULL) == (tap_rank == 0), "split leaves undefined colours out");
    if (none != MPI_COMM_NULL)
        MPI_Comm_free(&none);

    MPI_Comm node;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &size);
    check(tap_same_int("ranks that share memory", size, tap_size), "split type shared holds every rank");
    MPI_Comm_free(&node);
}

/* A wildcard on one communicator must not take a message of another with the same ranks. */
static void check_contexts(void)
{
    MPI_Comm twin;
    MPI_Request request, twin_request;
    int right = (tap_rank + 1) % tap_size, left = (tap_rank + tap_size - 1) % tap_size;
    int a = 1, b = 2, from_world = 0, from_twin = 0, result;
    MPI_Comm_dup(MPI_COMM_WORLD, &twin);
    MPI_Isend(&a, 1, MPI_INT, right, 5, MPI_COMM_WORLD, &request);
    MPI_Isend(&b, 1, MPI_INT, right, 5, twin, &twin_request);
    MPI_Recv(&from_twin, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, twin, MPI_STATUS_IGNORE);
    MPI_Recv(&from_world, 1, MPI_INT, left, MPI_ANY_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Wait(&twin_request, MPI_STATUS_IGNORE);
    check(tap_same_int("of the twin", from_twin, 2) && tap_same_int("of the world", from_world, 1),
          "duplicates do not mix messages");
    MPI_Comm_compare(MPI_COMM_WORLD, twin, &result);
    check(result == MPI_CONGRUENT, "a duplicate is congruent");
    MPI_Comm_free(&twin);
    check(twin == MPI_COMM_NULL, "a freed communicator is null");

    int sum = 1;
    MPI_Comm_idup(MPI_COMM_WORLD, &twin, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, twin);
    check(tap_same_int("sum", sum, tap_size), "idup gives a communicator that works");
    MPI_Comm_free(&twin);
}

static int copies, deletions;

static int on_copy(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag)
{
    (void)comm, (void)key;
    copies++;
    *(int **)out = (int *)in + *(int *)extra;
    *flag = 1;
    return MPI_SUCCESS;
}

static int on_delete(MPI_Comm comm, int key, void *value, void *extra)
{
    (void)comm, (void)key, (void)value, (void)extra;
    deletions++;
    return MPI_SUCCESS;
}

static void check_attributes(void)
{
    int key, flag = 0, values[2] = {10, 20}, step = 1, *found = NULL;
    MPI_Comm comm, twin;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_create_keyval(on_copy, on_delete, &key, &step);
    MPI_Comm_get_attr(comm, key, &found, &flag);
    check(!flag, "an attribute that was not set is absent");
    MPI_Comm_set_attr(comm, key, &values[0]);
    MPI_Comm_get_attr(comm, key, &found, &flag);
    check(flag && tap_same_int("value", *found, 10), "an attribute is kept");
    MPI_Comm_dup(comm, &twin);
    MPI_Comm_get_attr(twin, key, &found, &flag);
    check(flag && tap_same_int("value", *found, 20) && copies == 1, "a duplicate asks the copy function");
    MPI_Comm_free(&twin);
    MPI_Comm_delete_attr(comm, key);
    check(tap_same_int("deletions", deletions, 2), "the delete function is called");
    MPI_Comm_free_keyval(&key);
    check(key == MPI_KEYVAL_INVALID, "a freed key is invalid");

    char name[MPI_MAX_OBJECT_NAME];
    int length;
    MPI_Comm_get_name(MPI_COMM_WORLD, name, &length);
    check(tap_same_str("name", name, "MPI_COMM_WORLD"), "the world has its name");
    MPI_Comm_set_name(comm, "of our own");
    MPI_Comm_get_name(comm, name, &length);
    check(tap_same_str("name", name, "of our own"), "a communicator keeps its name");
    MPI_Comm_free(&comm);
}

static void check_groups(void)
{
    MPI_Group world, first, rest, joined, evens;
    int zero = 0, range[1][3] = {{0, tap_size - 1, 2}}, size, rank, result, all = 1, translated;
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_incl(world, 1, &zero, &first);
    MPI_Group_excl(world, 1, &zero, &rest);
    MPI_Group_union(rest, first, &joined);
    MPI_Group_size(rest, &size);
    check(tap_same_int("size", size, tap_size - 1), "excl leaves one out");
    MPI_Group_compare(world, joined, &result);
    check(tap_size == 1 || result == MPI_SIMILAR, "union in another order is similar");
    MPI_Group_rank(joined, &rank);
    check(tap_same_int("rank", rank, (tap_rank + tap_size - 1) % tap_size), "union puts the second group behind");
    for (int r = 0; r < tap_size; r++) {
        MPI_Group_translate_ranks(joined, 1, &r, world, &translated);
        all &= tap_same_int("translated", translated, (r + 1) % tap_size);
    }
    MPI_Group_translate_ranks(world, 1, &zero, rest, &translated);
    check(all && translated == MPI_UNDEFINED, "ranks translate between groups");
    MPI_Group common, difference;
    MPI_Group_intersection(first, rest, &common);
    MPI_Group_difference(world, rest, &difference);
    MPI_Group_compare(difference, first, &result);
    check(common == MPI_GROUP_EMPTY && result == MPI_IDENT, "intersection and difference");

    MPI_Comm comm, alone;
    MPI_Group_range_incl(world, 1, range, &evens);
    MPI_Comm_create(MPI_COMM_WORLD, evens, &comm);
    int sum = tap_rank, wanted = 0;
    for (int r = 0; r < tap_size; r += 2)
        wanted += r;
    if (comm != MPI_COMM_NULL)
        MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, comm);
    check(tap_rank % 2 ? comm == MPI_COMM_NULL : tap_same_int("sum", sum, wanted), "create over every second rank");
    if (comm != MPI_COMM_NULL)
        MPI_Comm_free(&comm);
    sum = tap_rank;
    if (tap_rank % 2 == 0) {
        MPI_Comm_create_group(MPI_COMM_WORLD, evens, 77, &alone);
        MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, alone);
        MPI_Comm_free(&alone);
    }
    check(tap_rank % 2 || tap_same_int("sum", sum, wanted), "create_group without the others");
    MPI_Group *groups[] = {&world, &first, &rest, &joined, &evens, &difference};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        MPI_Group_free(groups[i]);
    check(world == MPI_GROUP_NULL, "a freed group is null");
}

/* Context ids are few: a library that loses them on free runs out. */
static void check_reuse(void)
{
    int turns = tap_repeat(3000, 50), sum = 0;
    for (int turn = 0; turn < turns; turn++) {
        MPI_Comm comm;
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        if (turn == turns - 1) {
            sum = 1;
            MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, comm);
        }
        MPI_Comm_free(&comm);
    }
    check(tap_same_int("sum", sum, tap_size), "communicators are made and freed again and again");
}

static int handled;

static void on_error(MPI_Comm *comm, int *code, ...)
{
    int class;
    (void)comm;
    MPI_Error_class(*code, &class);
    handled = class;
}

static void check_handlers(void)
{
    MPI_Comm comm;
    MPI_Errhandler own, current;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_create_errhandler(on_error, &own);
    MPI_Comm_set_errhandler(comm, own);
    MPI_Comm_get_errhandler(comm, &current);
    check(current == own, "a communicator keeps its error handler");
    MPI_Comm_call_errhandler(comm, MPI_ERR_OTHER);
    check(tap_same_int("class", handled, MPI_ERR_OTHER), "an own error handler is called");
    MPI_Errhandler_free(&own);
    MPI_Errhandler_free(&current);
    MPI_Comm_free(&comm);
}

static void check_info(void)
{
    MPI_Info info, copy;
    char value[32] = "", key[MPI_MAX_INFO_KEY + 1] = "";
    int flag = 0, keys = -1;
    MPI_Info_create(&info);
    MPI_Info_set(info, "colour", "green");
    MPI_Info_set(info, "size", "12");
    MPI_Info_dup(info, &copy);
    MPI_Info_delete(info, "colour");
    MPI_Info_get(copy, "colour", sizeof value - 1, value, &flag);
    check(flag && tap_same_str("value", value, "green"), "a copied info keeps its values");
    MPI_Info_get_nkeys(info, &keys);
    MPI_Info_get_nthkey(info, 0, key);
    check(tap_same_int("keys", keys, 1) && tap_same_str("key", key, "size"), "an info forgets a deleted key");
    MPI_Info_free(&info);
    MPI_Info_free(&copy);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    check_split();
    check_contexts();
    check_attributes();
    check_groups();
    check_reuse();
    check_handlers();
    check_info();
    return tap_end();
}
