/* A rank starts two more processes, works with them and lets them go. Started with the argument "child", it is one. */
#include "tap_mpi.h"

enum { CHILDREN = 2 };

static int be_child(MPI_Comm parent)
{
    int rank, out, in = 0;
    MPI_Comm all;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Bcast(&in, 1, MPI_INT, 0, parent);
    out = in + rank;
    MPI_Allreduce(&out, &in, 1, MPI_INT, MPI_SUM, parent);
    MPI_Send(&in, 1, MPI_INT, 0, 5, parent);
    MPI_Intercomm_merge(parent, 1, &all);
    out = 1;
    MPI_Allreduce(&out, &in, 1, MPI_INT, MPI_SUM, all);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    return 0;
}

int main(int argc, char **argv)
{
    MPI_Comm parent, children, all;
    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL)
        return be_child(parent);
    tap_begin();
    check(argc == 2, "a started rank has no parent");
    char *arguments[] = {(char *)"child", NULL};
    int codes[CHILDREN], remote = 0, seed = 100, mine = 7, sum = 0, size = 0, one = 1, count = 0;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    int code = MPI_Comm_spawn(argv[1], arguments, CHILDREN, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &children, codes);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
    if (code != MPI_SUCCESS) {
        char text[MPI_MAX_ERROR_STRING] = "";
        int length;
        MPI_Error_string(code, text, &length);
        /* The last line of the stack is the cause. */
        while (length > 0 && text[length - 1] == '\n')
            text[--length] = '\0';
        const char *cause = strrchr(text, '\n');
        tap_because("MPI_Comm_spawn: %s", cause ? cause + 1 : text);
        check(0, "two processes are started");
        return tap_end();
    }
    MPI_Comm_remote_size(children, &remote);
    check(tap_same_int("children", remote, CHILDREN) && codes[0] == MPI_SUCCESS && codes[1] == MPI_SUCCESS,
          "two processes are started");

    MPI_Bcast(&seed, 1, MPI_INT, tap_rank == 0 ? MPI_ROOT : MPI_PROC_NULL, children);
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, children);
    check(tap_same_int("sum", sum, 100 + 101), "allreduce gives the sum of the children");
    int ok = 1;
    for (int child = 0; tap_rank == 0 && child < CHILDREN; child++) {
        int theirs = 0;
        MPI_Recv(&theirs, 1, MPI_INT, child, 5, children, MPI_STATUS_IGNORE);
        ok &= tap_same_int("sum at a child", theirs, 7 * tap_size);
    }
    check(ok, "allreduce gives the children the sum of the parents");
    MPI_Intercomm_merge(children, 0, &all);
    MPI_Comm_size(all, &size);
    MPI_Allreduce(&one, &count, 1, MPI_INT, MPI_SUM, all);
    check(tap_same_int("size", size, tap_size + CHILDREN) && tap_same_int("count", count, size), "both merge into one");
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&children);
    check(children == MPI_COMM_NULL, "the children are let go");
    return tap_end();
}
