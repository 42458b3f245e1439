/* The functions that programs call seldom: each once, with an answer that only a right one gives. */
#include "elements.h"
#include <time.h>

static int same(const char *what, long long found, long long wanted)
{
    return tap_same_int(what, found, wanted);
}

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void clocks(void)
{
    double before = MPI_Wtime(), start = seconds();
    while (seconds() - start < 0.05) {
    }
    double told = MPI_Wtime() - before, true_time = seconds() - start, tick = MPI_Wtick();
    if (told < true_time / 2 || told > true_time * 2 + 1)
        tap_because("%g s by MPI_Wtime, %g s by the clock", told, true_time);
    check(told >= true_time / 2 && told <= true_time * 2 + 1, "wtime goes as the clock does");
    check(tick > 0 && tick <= 0.011, "wtick is a fraction of a second");
}

/* Nobody may leave before the last has come: the clock is one for all ranks of a host. */
static int holds(int (*barrier)(MPI_Comm, MPI_Request *), MPI_Comm comm)
{
    MPI_Request request = MPI_REQUEST_NULL;
    double entered = 0, left;
    PMPI_Barrier(comm);
    if (tap_rank == tap_size - 1) {
        double start = seconds();
        while (seconds() - start < 0.03) {
        }
        entered = seconds();
    }
    barrier(comm, &request);
    left = seconds();
    PMPI_Bcast(&entered, 1, MPI_DOUBLE, tap_size - 1, MPI_COMM_WORLD);
    if (left < entered)
        tap_because("left %g s before the last rank came", entered - left);
    return left >= entered;
}

static int plain_barrier(MPI_Comm comm, MPI_Request *request)
{
    (void)request;
    return MPI_Barrier(comm);
}

static int started_barrier(MPI_Comm comm, MPI_Request *request)
{
    MPI_Ibarrier(comm, request);
    return PMPI_Wait(request, MPI_STATUS_IGNORE);
}

#if MPI_VERSION >= 4 || (defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5)
#define NEW_CALLS 1
static int persistent_barrier(MPI_Comm comm, MPI_Request *request)
{
    MPI_Barrier_init(comm, MPI_INFO_NULL, request);
    PMPI_Start(request);
    PMPI_Wait(request, MPI_STATUS_IGNORE);
    return PMPI_Request_free(request);
}
#endif

/* A communicator of this rank alone waits for nobody: rank 1 comes only once rank 0 has left, or never does. */
static int waits_for_none(int (*barrier)(MPI_Comm, MPI_Request *))
{
    MPI_Comm alone;
    MPI_Request request = MPI_REQUEST_NULL;
    int word = 1, left = 0;
    PMPI_Comm_split(MPI_COMM_WORLD, tap_rank, 0, &alone);
    if (tap_rank == 0) {
        barrier(alone, &request);
        PMPI_Send(&word, 1, MPI_INT, 1, 91, MPI_COMM_WORLD);
    } else {
        for (double end = seconds() + 3; !left && seconds() < end;)
            PMPI_Iprobe(0, 91, MPI_COMM_WORLD, &left, MPI_STATUS_IGNORE);
        if (!left) {
            tap_because("rank 0 is held back by a barrier of its own");
            barrier(MPI_COMM_WORLD, &request);
        }
        PMPI_Recv(&word, 1, MPI_INT, 0, 91, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    PMPI_Comm_free(&alone);
    return tap_rank == 0 || left;
}

static void barriers(void)
{
    MPI_Comm twin;
    PMPI_Comm_dup(MPI_COMM_WORLD, &twin);
    check(holds(plain_barrier, twin), "barrier");
    check(holds(started_barrier, twin), "ibarrier");
    check(waits_for_none(plain_barrier), "a barrier of one rank waits for no other");
    check(waits_for_none(started_barrier), "an ibarrier of one rank waits for no other");
#ifdef NEW_CALLS
    check(holds(persistent_barrier, twin), "barrier_init");
#endif
    PMPI_Comm_free(&twin);
}

static void grids(void)
{
    int dims[2] = {2, 1}, periods[2] = {1, 0}, coords[2] = {-1, -1}, told[2], wraps[2], place = -9;
    MPI_Comm grid, graph;
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid);
    MPI_Cart_coords(grid, 1, 2, coords);
    check(same("row", coords[0], 1) & same("column", coords[1], 0), "cart_coords");
    MPI_Cart_get(grid, 2, told, wraps, coords);
    check(same("rows", told[0], 2) & same("columns", told[1], 1) & same("wraps", wraps[0], 1) & same("no wrap", wraps[1], 0) &
              same("row", coords[0], tap_rank) & same("column", coords[1], 0), "cart_get");
    MPI_Cart_map(MPI_COMM_WORLD, 2, dims, periods, &place);
    check(place >= 0 && place < 2, "cart_map places every rank");
    int index[2] = {1, 2}, edges[2] = {1, 0}, got_index[2] = {-1, -1}, got_edges[2] = {-1, -1};
    MPI_Graph_create(MPI_COMM_WORLD, 2, index, edges, 0, &graph);
    MPI_Graph_get(graph, 2, 2, got_index, got_edges);
    check(same("index", got_index[0], 1) & same("index", got_index[1], 2) & same("edge", got_edges[0], 1) &
              same("edge", got_edges[1], 0), "graph_get");
    place = -9;
    MPI_Graph_map(MPI_COMM_WORLD, 2, index, edges, &place);
    check(place >= 0 && place < 2, "graph_map places every rank");
    MPI_Comm_free(&graph);
    MPI_Comm_free(&grid);
}

static void infos(void)
{
    MPI_Info info, other;
    MPI_Comm twin;
    MPI_Request request;
    int length = -1, there = 0, size = 0;
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_assert_no_any_tag", "true");
    MPI_Info_get_valuelen(info, "mpi_assert_no_any_tag", &length, &there);
    check(same("length", length, 4) & there, "info_get_valuelen");
    MPI_Info_get_valuelen(info, "nothing", &length, &there);
    check(!there, "info_get_valuelen of no key");
    MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &twin);
    MPI_Comm_size(twin, &size);
    check(twin != MPI_COMM_WORLD && same("size", size, tap_size), "comm_dup_with_info");
    MPI_Comm_set_info(twin, info);
    other = MPI_INFO_NULL;
    MPI_Comm_get_info(twin, &other);
    check(other != MPI_INFO_NULL, "comm_get_info");
    MPI_Info_free(&other);
    MPI_Comm_free(&twin);
#ifdef NEW_CALLS
    twin = MPI_COMM_NULL;
    MPI_Comm_idup_with_info(MPI_COMM_WORLD, info, &twin, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    size = 0;
    if (twin != MPI_COMM_NULL)
        MPI_Comm_size(twin, &size);
    check(twin != MPI_COMM_NULL && same("size", size, tap_size), "comm_idup_with_info");
    if (twin != MPI_COMM_NULL)
        MPI_Comm_free(&twin);
    other = MPI_INFO_NULL;
    MPI_Info_create_env(0, NULL, &other);
    check(other != MPI_INFO_NULL, "info_create_env");
    MPI_Info_free(&other);
#else
    (void)request;
#endif
    MPI_Info_free(&info);
    check(info == MPI_INFO_NULL, "a freed info is null");
}

static void groups(void)
{
    MPI_Group world, group;
    MPI_Comm halves, inter, backwards;
    int first = 0, place = -1;
    MPI_Comm_split(MPI_COMM_WORLD, 0, -tap_rank, &backwards);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Comm_group(backwards, &group);
    MPI_Group_translate_ranks(group, 1, &first, world, &place);
    check(same("the first of the reverse order", place, 1), "comm_group of another order");
#if MPI_VERSION >= 4
    int *base = NULL, number = 70 + tap_rank;
    MPI_Win win;
    MPI_Win_allocate_c(64, 4, MPI_INFO_NULL, backwards, &base, &win);
    *base = -1;
    MPI_Win_fence(0, win);
    MPI_Put(&number, 1, MPI_INT, 0, 0, 1, MPI_INT, win);
    if (tap_rank == 0)
        MPI_Put(&number, 1, MPI_INT, 1, 1, 1, MPI_INT, win);
    MPI_Win_fence(0, win);
    check(tap_rank == 1 ? *base >= 70 : same("cell", base[1], 70), "win_allocate_c over another order");
    MPI_Win_free(&win);
#endif
    MPI_Group_free(&group);
    check(group == MPI_GROUP_NULL, "a freed group is null");
    MPI_Group_free(&world);
    MPI_Comm_free(&backwards);
    check(backwards == MPI_COMM_NULL, "a freed communicator is null");
    int ranges[1][3] = {{0, 0, 1}}, size = -1, rank = -1;
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_range_excl(world, 1, ranges, &group);
    MPI_Group_size(group, &size);
    MPI_Group_rank(group, &rank);
    check(same("size", size, 1) & same("rank", rank, tap_rank == 1 ? 0 : MPI_UNDEFINED), "group_range_excl");
    MPI_Group_free(&group);
    MPI_Comm_split(MPI_COMM_WORLD, tap_rank, 0, &halves);
    MPI_Intercomm_create(halves, 0, MPI_COMM_WORLD, 1 - tap_rank, 3, &inter);
    MPI_Comm_remote_group(inter, &group);
    int own = 0, theirs = -1;
    MPI_Group_translate_ranks(group, 1, &own, world, &theirs);
    check(same("the other's rank", theirs, 1 - tap_rank), "comm_remote_group");
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&halves);
}

static int handled;

static void handle_win(MPI_Win *win, int *code, ...)
{
    (void)win;
    (void)code;
    handled += 1;
}

static void handle_file(MPI_File *file, int *code, ...)
{
    (void)file;
    (void)code;
    handled += 10;
}

static int deleted;

static int forget_win(MPI_Win win, int key, void *value, void *extra)
{
    (void)win;
    (void)key;
    (void)extra;
    deleted += *(int *)value;
    return MPI_SUCCESS;
}

static int forget_type(MPI_Datatype type, int key, void *value, void *extra)
{
    (void)type;
    (void)key;
    (void)extra;
    deleted += *(int *)value;
    return MPI_SUCCESS;
}

static void windows(void)
{
    int cells[16], key = MPI_KEYVAL_INVALID, value = 5, there = 0, length = 0, *found = NULL, size = -1;
    char name[MPI_MAX_OBJECT_NAME] = "";
    MPI_Win win;
    MPI_Group group, world;
    MPI_Errhandler handler, now;
    MPI_Info info = MPI_INFO_NULL;
    for (int i = 0; i < 16; i++)
        cells[i] = tap_rank * 100 + i;
    MPI_Win_create(cells, sizeof cells, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_set_name(win, "cells");
    MPI_Win_get_name(win, name, &length);
    check(tap_same_str("name", name, "cells") & same("length", length, 5), "win_set_name and win_get_name");
    MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, forget_win, &key, NULL);
    MPI_Win_set_attr(win, key, &value);
    MPI_Win_get_attr(win, key, &found, &there);
    check(there && found == &value, "win_set_attr and win_get_attr");
    deleted = 0;
    MPI_Win_delete_attr(win, key);
    found = NULL;
    MPI_Win_get_attr(win, key, &found, &there);
    check(!there && same("what was deleted", deleted, 5), "win_delete_attr");
    MPI_Win_free_keyval(&key);
    check(key == MPI_KEYVAL_INVALID, "win_free_keyval");
    MPI_Win_get_group(win, &group);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_compare(group, world, &size);
    check(same("relation", size, MPI_IDENT), "win_get_group");
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    MPI_Win_create_errhandler(handle_win, &handler);
    MPI_Win_set_errhandler(win, handler);
    MPI_Win_get_errhandler(win, &now);
    check(now == handler, "win_get_errhandler");
    handled = 0;
    MPI_Win_call_errhandler(win, MPI_ERR_OTHER);
    check(same("calls", handled, 1), "win_call_errhandler");
    MPI_Errhandler_free(&handler);
    MPI_Errhandler_free(&now);
    MPI_Win_get_info(win, &info);
    check(info != MPI_INFO_NULL && MPI_Win_set_info(win, info) == MPI_SUCCESS, "win_get_info");
    MPI_Info_free(&info);

    int put[4] = {1, 2, 3, 4}, other = 1 - tap_rank;
    MPI_Win_free(&win);

    MPI_Win_create(cells, sizeof cells, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_incl(world, 1, &other, &group);
    MPI_Win_post(group, 0, win);
    MPI_Win_start(group, 0, win);
    MPI_Put(put, 4, MPI_INT, other, 0, 4, MPI_INT, win);
    MPI_Win_complete(win);
    for (there = 0; !there;)
        MPI_Win_test(win, &there);
    check(same("cell", cells[3], 4), "win_test after a put");
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    MPI_Win_free(&win);
}

static void types(void)
{
    int key = MPI_KEYVAL_INVALID, value = 7, there = 0, *found = NULL, size = 0;
    MPI_Datatype type;
    MPI_Count wide = -1, lb = -1, extent = -1;
    MPI_Aint places[2] = {0, 24};
    MPI_Type_create_hindexed_block(2, 3, places, MPI_INT, &type);
    MPI_Type_size(type, &size);
    MPI_Type_size_x(type, &wide);
    check(same("size", size, 24) & same("size_x", wide, 24), "type_create_hindexed_block and type_size_x");
    MPI_Type_get_extent_x(type, &lb, &extent);
    check(same("lb", lb, 0) & same("extent", extent, 36), "type_get_extent_x");
    MPI_Type_get_true_extent_x(type, &lb, &extent);
    check(same("lb", lb, 0) & same("extent", extent, 36), "type_get_true_extent_x");
    MPI_Type_create_keyval(MPI_TYPE_NULL_COPY_FN, forget_type, &key, NULL);
    MPI_Type_set_attr(type, key, &value);
    MPI_Type_get_attr(type, key, &found, &there);
    check(there && found == &value, "type_set_attr and type_get_attr");
    deleted = 0;
    MPI_Type_delete_attr(type, key);
    found = NULL;
    MPI_Type_get_attr(type, key, &found, &there);
    check(!there && same("what was deleted", deleted, 7), "type_delete_attr");
    MPI_Type_free_keyval(&key);
    check(key == MPI_KEYVAL_INVALID, "type_free_keyval");

    MPI_Status status;
    MPI_Count elements = -1;
    int out[6] = {1, 2, 3, 4, 5, 6}, in[12] = {0}, counted = -1, cancelled = -1;
    memset(&status, 0, sizeof status);
    MPI_Type_commit(&type);
    PMPI_Sendrecv(out, 6, MPI_INT, 1 - tap_rank, 1, in, 1, type, 1 - tap_rank, 1, MPI_COMM_WORLD, &status);
    MPI_Get_elements_x(&status, type, &elements);
    check(same("elements", elements, 6) & same("last", in[8], 6), "get_elements_x");
    MPI_Type_free(&type);
    MPI_Status_set_elements(&status, MPI_INT, 11);
    MPI_Get_elements(&status, MPI_INT, &counted);
    check(same("elements", counted, 11), "status_set_elements");
    MPI_Status_set_elements_x(&status, MPI_INT, 13);
    MPI_Get_elements(&status, MPI_INT, &counted);
    check(same("elements", counted, 13), "status_set_elements_x");
    MPI_Status_set_cancelled(&status, 1);
    MPI_Test_cancelled(&status, &cancelled);
    check(cancelled == 1, "status_set_cancelled");
    MPI_Status_set_cancelled(&status, 0);
    MPI_Test_cancelled(&status, &cancelled);
    check(cancelled == 0, "status_set_cancelled back");
    MPI_Type_match_size(MPI_TYPECLASS_INTEGER, 4, &type);
    size = 0;
    if (type != MPI_DATATYPE_NULL)
        MPI_Type_size(type, &size);
    check(same("size", size, 4), "type_match_size");
    check(same("sum", MPI_Aint_add((MPI_Aint)1000, (MPI_Aint)24), 1024) &
              same("difference", MPI_Aint_diff((MPI_Aint)1024, (MPI_Aint)1000), 24), "aint_add and aint_diff");
}

static int query(void *extra, MPI_Status *status)
{
    MPI_Status_set_elements(status, MPI_INT, *(int *)extra);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = MPI_UNDEFINED;
    status->MPI_TAG = MPI_UNDEFINED;
    return MPI_SUCCESS;
}

static int freed;

static int free_it(void *extra)
{
    (void)extra;
    freed++;
    return MPI_SUCCESS;
}

static int cancel(void *extra, int complete)
{
    (void)extra;
    (void)complete;
    return MPI_SUCCESS;
}

static void requests(void)
{
    int elements = 3, flag = -1, counted = -1, done = 0, places[3] = {-1, -1, -1}, in[3] = {0}, out[3] = {4, 5, 6};
    MPI_Request request, several[3];
    MPI_Status status, statuses[3];
    MPI_Grequest_start(query, free_it, cancel, &elements, &request);
    MPI_Request_get_status(request, &flag, &status);
    check(flag == 0, "request_get_status of what is not over");
    MPI_Test(&request, &done, &status);
    check(!done, "a generalized request is not over by itself");
    MPI_Grequest_complete(request);
    MPI_Request_get_status(request, &flag, &status);
    MPI_Get_count(&status, MPI_INT, &counted);
    check(flag == 1 && request != MPI_REQUEST_NULL && same("count", counted, 3), "request_get_status of what is over");
    MPI_Wait(&request, &status);
    check(same("freed", freed, 1) & (request == MPI_REQUEST_NULL), "grequest_complete");
    for (int i = 0; i < 3; i++)
        PMPI_Irecv(&in[i], 1, MPI_INT, 1 - tap_rank, 30 + i, MPI_COMM_WORLD, &several[i]);
    MPI_Testsome(3, several, &done, places, statuses);
    PMPI_Barrier(MPI_COMM_WORLD);
    int first = done == 0;
    for (int i = 2; i >= 0; i--)
        PMPI_Send(&out[i], 1, MPI_INT, 1 - tap_rank, 30 + i, MPI_COMM_WORLD);
    int seen = 0, well = 1;
    for (double end = seconds() + 5; seen < 3 && seconds() < end;) {
        MPI_Testsome(3, several, &done, places, statuses);
        for (int i = 0; i < done && i < 3; i++) {
            well &= places[i] >= 0 && places[i] < 3 && same("tag", statuses[i].MPI_TAG, 30 + places[i]) &
                                                          same("data", in[places[i] < 0 ? 0 : places[i]], 4 + places[i]);
            seen++;
        }
    }
    check(first && well && same("seen", seen, 3), "testsome finds each once");
}

/* Of several requests only the last is active: who leaves it out finds none. */
static void last_requests(void)
{
    static const char *const names[] = {"waitany", "testany", "waitsome", "testsome", "waitall", "testall"};
    for (int which = 0; which < 6; which++) {
        MPI_Request requests[3] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        MPI_Status statuses[3], *status = &statuses[2];
        int out = 60 + tap_rank, in = -1, index = MPI_UNDEFINED, done = 0, count = 0, places[3] = {-1, -1, -1};
        PMPI_Irecv(&in, 1, MPI_INT, 1 - tap_rank, 80 + which, MPI_COMM_WORLD, &requests[2]);
        PMPI_Send(&out, 1, MPI_INT, 1 - tap_rank, 80 + which, MPI_COMM_WORLD);
        memset(statuses, 0, sizeof statuses);
        for (double end = seconds() + 3; !done && seconds() < end;)
            switch (which) {
            case 0:
                done = MPI_Waitany(3, requests, &index, status) == MPI_SUCCESS;
                break;
            case 1:
                MPI_Testany(3, requests, &index, &done, status);
                break;
            case 2:
            case 3:
                if (which == 2)
                    MPI_Waitsome(3, requests, &count, places, statuses);
                else
                    MPI_Testsome(3, requests, &count, places, statuses);
                done = count != 0;
                index = count == 1 ? places[0] : MPI_UNDEFINED;
                *status = statuses[0];
                break;
            case 4:
                done = MPI_Waitall(3, requests, statuses) == MPI_SUCCESS;
                break;
            default:
                MPI_Testall(3, requests, &done, statuses);
            }
        int well = done && (which > 3 || same("index", index, 2)) && same("data", in, 61 - tap_rank) &
                                same("source", status->MPI_SOURCE, 1 - tap_rank) & (requests[2] == MPI_REQUEST_NULL);
        if (requests[2] != MPI_REQUEST_NULL)
            PMPI_Wait(&requests[2], MPI_STATUS_IGNORE);
        check(well, "%s of which the last alone is active", names[which]);
    }
}

static void files(void)
{
    char path[512], representation[MPI_MAX_DATAREP_STRING] = "";
    const char *folder = getenv("TMPDIR");
    MPI_File file;
    MPI_Group group, world;
    MPI_Info info = MPI_INFO_NULL;
    MPI_Errhandler handler, now;
    MPI_Datatype etype, view, filetype;
    MPI_Offset offset = -1, size = -1, displacement = -1;
    MPI_Aint extent = -1;
    int relation = -1, atomic = -1;
    snprintf(path, sizeof path, "%s/query_calls", folder && *folder ? folder : "/tmp");
    if (MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file) != MPI_SUCCESS)
        return check(0, "a file can be opened");
    MPI_File_get_group(file, &group);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_compare(group, world, &relation);
    check(same("relation", relation, MPI_IDENT), "file_get_group");
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    MPI_File_preallocate(file, 5000);
    MPI_File_get_size(file, &size);
    check(size >= 5000, "file_preallocate");
    MPI_File_get_info(file, &info);
    check(info != MPI_INFO_NULL && MPI_File_set_info(file, info) == MPI_SUCCESS, "file_get_info");
    MPI_Info_free(&info);
    MPI_File_create_errhandler(handle_file, &handler);
    MPI_File_set_errhandler(file, handler);
    MPI_File_get_errhandler(file, &now);
    check(now == handler, "file_get_errhandler");
    handled = 0;
    MPI_File_call_errhandler(file, MPI_ERR_OTHER);
    check(same("calls", handled, 10), "file_call_errhandler");
    MPI_Errhandler_free(&handler);
    MPI_Errhandler_free(&now);
    MPI_File_set_errhandler(file, MPI_ERRORS_RETURN);
    MPI_Type_vector(4, 1, 3, MPI_INT, &view);
    MPI_Type_commit(&view);
    MPI_File_set_view(file, 8, MPI_INT, view, "native", MPI_INFO_NULL);
    MPI_File_get_view(file, &displacement, &etype, &filetype, representation);
    check(same("displacement", displacement, 8) & tap_same_str("representation", representation, "native"), "file_get_view");
    MPI_File_get_byte_offset(file, 2, &offset);
    check(same("byte", offset, 8 + 2 * 3 * (int)sizeof(int)), "file_get_byte_offset");
    MPI_File_seek(file, 3, MPI_SEEK_SET);
    MPI_File_get_position(file, &offset);
    check(same("position", offset, 3), "file_seek and file_get_position");
    MPI_File_seek_shared(file, 5, MPI_SEEK_SET);
    MPI_File_get_position_shared(file, &offset);
    check(same("position", offset, 5), "file_seek_shared");
    MPI_File_get_type_extent(file, MPI_DOUBLE, &extent);
    check(same("extent", extent, 8), "file_get_type_extent");
    MPI_File_set_atomicity(file, 1);
    MPI_File_get_atomicity(file, &atomic);
    check(same("atomic", atomic, 1), "file_set_atomicity");
    MPI_Type_free(&view);
    MPI_File_close(&file);
    if (tap_rank == 0)
        MPI_File_delete(path, MPI_INFO_NULL);
}

#if MPI_VERSION >= 4
static void large(void)
{
    MPI_Datatype type;
    MPI_Count size = -1, lb = -1, extent = -1, position = 0, counts[2] = {2, 1}, places[2] = {0, 12}, blocks[2] = {0, 3};
    MPI_Datatype parts[2] = {MPI_INT, MPI_INT};
    int numbers[12] = {0}, out[4] = {1, 2, 3, 4};
    char packed[256];
#define EXPECT(made, wanted_size, wanted_extent, what) \
    made; \
    MPI_Type_size_c(type, &size); \
    MPI_Type_get_extent_c(type, &lb, &extent); \
    check(same("size", size, wanted_size) & same("extent", extent, wanted_extent), what); \
    MPI_Type_free(&type);
    EXPECT(MPI_Type_contiguous_c(3, MPI_INT, &type), 12, 12, "type_contiguous_c")
    EXPECT(MPI_Type_vector_c(3, 1, 2, MPI_INT, &type), 12, 20, "type_vector_c")
    EXPECT(MPI_Type_create_hvector_c(3, 1, 12, MPI_INT, &type), 12, 28, "type_create_hvector_c")
    EXPECT(MPI_Type_indexed_c(2, counts, blocks, MPI_INT, &type), 12, 16, "type_indexed_c")
    EXPECT(MPI_Type_create_hindexed_c(2, counts, places, MPI_INT, &type), 12, 16, "type_create_hindexed_c")
    EXPECT(MPI_Type_create_indexed_block_c(2, 2, blocks, MPI_INT, &type), 16, 20, "type_create_indexed_block_c")
    EXPECT(MPI_Type_create_hindexed_block_c(2, 2, places, MPI_INT, &type), 16, 20, "type_create_hindexed_block_c")
    EXPECT(MPI_Type_create_struct_c(2, counts, places, parts, &type), 12, 16, "type_create_struct_c")
    EXPECT(MPI_Type_create_resized_c(MPI_INT, -4, 20, &type), 4, 20, "type_create_resized_c")
    MPI_Type_create_resized_c(MPI_INT, -4, 20, &type);
    MPI_Type_get_extent_c(type, &lb, &extent);
    check(same("lb", lb, -4), "type_get_extent_c");
    MPI_Type_get_true_extent_c(type, &lb, &extent);
    check(same("lb", lb, 0) & same("extent", extent, 4), "type_get_true_extent_c");
    MPI_Count integers = -1, addresses = -1, wide = -1, types = -1;
    int combiner = -1;
    MPI_Type_get_envelope_c(type, &integers, &addresses, &wide, &types, &combiner);
    check(same("combiner", combiner, MPI_COMBINER_RESIZED) & same("types", types, 1) & same("integers", integers, 0) &
              same("addresses and counts", addresses + wide, 2), "type_get_envelope_c");
    MPI_Type_free(&type);
    MPI_Pack_c(out, 4, MPI_INT, packed, sizeof packed, &position, MPI_COMM_WORLD);
    check(same("position", position, 16), "pack_c");
    MPI_Pack_size_c(4, MPI_INT, MPI_COMM_WORLD, &size);
    check(size >= 16 && size < 200, "pack_size_c");
    position = 0;
    MPI_Unpack_c(packed, sizeof packed, &position, numbers, 4, MPI_INT, MPI_COMM_WORLD);
    check(same("position", position, 16) & same("number", numbers[0], 1) & same("number", numbers[3], 4), "unpack_c");
    position = 0;
    MPI_Pack_external_c("external32", out, 4, MPI_INT, packed, sizeof packed, &position);
    check(same("position", position, 16) & same("big end", packed[3], 1) & same("big end", packed[15], 4), "pack_external_c");
    MPI_Pack_external_size_c("external32", 4, MPI_INT, &size);
    check(same("size", size, 16), "pack_external_size_c");
    position = 0;
    memset(numbers, 0, sizeof numbers);
    MPI_Unpack_external_c("external32", packed, sizeof packed, &position, numbers, 4, MPI_INT);
    check(same("position", position, 16) & same("number", numbers[0], 1) & same("number", numbers[3], 4), "unpack_external_c");
    static char room[65536];
    void *detached = NULL;
    MPI_Buffer_attach_c(room, sizeof room);
    MPI_Buffer_detach_c(&detached, &size);
    check(detached == room && same("size", size, sizeof room), "buffer_attach_c and buffer_detach_c");
    MPI_Win win;
    int *base = NULL;
    MPI_Aint bytes = 0;
    MPI_Win_allocate_c(64, 4, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    MPI_Aint *attribute = NULL;
    int there = 0;
    MPI_Win_get_attr(win, MPI_WIN_SIZE, &attribute, &there);
    check(base != NULL && there && same("bytes", *attribute, 64), "win_allocate_c");
    MPI_Win_free(&win);
    MPI_Win_create_c(numbers, sizeof numbers, 4, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_get_attr(win, MPI_WIN_SIZE, &attribute, &there);
    check(there && same("bytes", *attribute, sizeof numbers), "win_create_c");
    MPI_Win_free(&win);
    MPI_Win_allocate_shared_c(64, 4, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    MPI_Aint unit = -1, *theirs = NULL;
    MPI_Win_shared_query_c(win, 1 - tap_rank, &bytes, &unit, &theirs);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
    *base = 50 + tap_rank;
    MPI_Win_sync(win);
    PMPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(win);
    check(same("bytes", bytes, 64) & same("unit", unit, 4) & (theirs != NULL && same("theirs", *theirs & 0xff, 51 - tap_rank)),
          "win_allocate_shared_c and win_shared_query_c");
    MPI_Win_unlock_all(win);
    MPI_Win_free(&win);
}
#endif

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    if (tap_size != 2)
        tap_bail("two ranks are wanted");
    clocks();
    barriers();
    grids();
    infos();
    groups();
    windows();
    types();
    requests();
    last_requests();
    files();
#if MPI_VERSION >= 4
    large();
#endif
    return tap_end();
}
