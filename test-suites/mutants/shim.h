/* What the mutants of the shim are made of. Everything here calls the library by its PMPI names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int active_function = -1, active_operator = -1, active_binding;
static char gate_type[64], gate_class[16];
static long long gate_count = -1, gate_from = -1, gate_bytes = -1, gate_ranks = -1;
static int gated;

static const char *const function_names[];
static const char *const operator_names[];

static int place(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* "Allreduce flip type=MPI_DOUBLE,count>=64", with "f:" before the function for Fortran. */
__attribute__((constructor)) static void choose(void)
{
    char function[96] = "", operator[64] = "", gates[160] = "";
    const char *text = getenv("STACKPROBE_MUTANT");
    if (!text || sscanf(text, "%95s %63s %159s", function, operator, gates) < 2)
        return;
    const char *name = function;
    if (strncmp(name, "fortran:", 8) == 0) {
        active_binding = 1;
        name += 8;
    }
    active_function = place(function_names, name);
    active_operator = place(operator_names, operator);
    if (active_function < 0 || active_operator < 0) {
        fprintf(stderr, "stackprobe: this shim has no mutant '%s'\n", text);
        _Exit(70);
    }
    for (char *gate = strtok(gates, ","); gate; gate = strtok(NULL, ",")) {
        gated = 1;
        if (sscanf(gate, "type=%63s", gate_type) == 1 || sscanf(gate, "class=%15s", gate_class) == 1 ||
            sscanf(gate, "count>=%lld", &gate_from) == 1 || sscanf(gate, "count=%lld", &gate_count) == 1 ||
            sscanf(gate, "bytes>=%lld", &gate_bytes) == 1 || sscanf(gate, "ranks=%lld", &gate_ranks) == 1)
            continue;
        fprintf(stderr, "stackprobe: this shim has no gate '%s'\n", gate);
        _Exit(70);
    }
}

static int is_derived(MPI_Datatype type)
{
    int integers, addresses, types, combiner;
    if (type == MPI_DATATYPE_NULL)
        return 0;
    PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner);
    return combiner != MPI_COMBINER_NAMED;
}

static int is_of_class(MPI_Datatype type, const char *class)
{
    char name[MPI_MAX_OBJECT_NAME] = "";
    int length;
    if (type == MPI_DATATYPE_NULL)
        return 0;
    if (strcmp(class, "derived") == 0)
        return is_derived(type);
    if (is_derived(type))
        return 0;
    PMPI_Type_get_name(type, name, &length);
    int is_float = strstr(name, "FLOAT") || strstr(name, "DOUBLE") || strstr(name, "REAL") || strstr(name, "COMPLEX");
    return strcmp(class, "float") == 0 ? is_float : !is_float;
}

static int gate(long long count, MPI_Datatype type, MPI_Comm comm)
{
    if (!gated)
        return 1;
    if (gate_type[0]) {
        char name[MPI_MAX_OBJECT_NAME] = "";
        int length;
        if (type == MPI_DATATYPE_NULL || is_derived(type))
            return 0;
        PMPI_Type_get_name(type, name, &length);
        if (strcmp(name, gate_type) != 0)
            return 0;
    }
    if (gate_class[0] && !is_of_class(type, gate_class))
        return 0;
    if ((gate_count >= 0 && count != gate_count) || (gate_from >= 0 && count < gate_from))
        return 0;
    if (gate_bytes >= 0) {
        int size = 0;
        if (type != MPI_DATATYPE_NULL)
            PMPI_Type_size(type, &size);
        if (count * size < gate_bytes)
            return 0;
    }
    if (gate_ranks >= 0) {
        int size = 0;
        if (comm != MPI_COMM_NULL)
            PMPI_Comm_size(comm, &size);
        if (size != gate_ranks)
            return 0;
    }
    return 1;
}

static int own_rank(MPI_Comm comm)
{
    int rank = -1;
    PMPI_Comm_rank(comm, &rank);
    return rank;
}

static int remote_size(MPI_Comm comm)
{
    int size = 0, inter = 0;
    PMPI_Comm_test_inter(comm, &inter);
    if (inter)
        PMPI_Comm_remote_size(comm, &size);
    else
        PMPI_Comm_size(comm, &size);
    return size;
}

/* Whether what a function with this root writes is written here; -3 where it has no root. */
static int at_root(int root, MPI_Comm comm)
{
    if (root == -3 || comm == MPI_COMM_NULL || root == MPI_ROOT)
        return 1;
    return root != MPI_PROC_NULL && own_rank(comm) == root;
}

static int shape(MPI_Datatype type, MPI_Aint *extent, MPI_Aint *true_lb, MPI_Aint *true_extent)
{
    MPI_Aint lb;
    if (type == MPI_DATATYPE_NULL)
        return 0;
    PMPI_Type_get_extent(type, &lb, extent);
    PMPI_Type_get_true_extent(type, true_lb, true_extent);
    return *true_extent > 0;
}

struct kept {
    unsigned char *at, *copy;
    size_t size;
};

static struct kept keep(void *buffer, long long index, MPI_Datatype type, int here)
{
    struct kept kept = {0, 0, 0};
    MPI_Aint extent, lb, size;
    if (!here || !buffer || buffer == MPI_IN_PLACE || index < 0 || !shape(type, &extent, &lb, &size))
        return kept;
    kept.at = (unsigned char *)buffer + index * extent + lb;
    kept.size = (size_t)size;
    kept.copy = malloc(kept.size);
    memcpy(kept.copy, kept.at, kept.size);
    return kept;
}

static void put_back(struct kept *kept)
{
    if (kept->copy)
        memcpy(kept->at, kept->copy, kept->size);
    free(kept->copy);
}

static void flip(void *buffer, long long index, MPI_Datatype type, int here)
{
    MPI_Aint extent, lb, size;
    if (here && buffer && buffer != MPI_IN_PLACE && index >= 0 && shape(type, &extent, &lb, &size))
        ((unsigned char *)buffer)[index * extent + lb] ^= 1;
}

/* A copy of what is sent, in which one bit is another. Never freed: it may be read later. */
static const void *flipped(const void *buffer, long long count, MPI_Datatype type)
{
    MPI_Aint extent, lb, size;
    if (!buffer || buffer == MPI_IN_PLACE || count <= 0 || !shape(type, &extent, &lb, &size) || extent < 0)
        return buffer;
    size_t span = (size_t)(extent * (count - 1) + size);
    unsigned char *copy = malloc(span);
    memcpy(copy, (const unsigned char *)buffer + lb, span);
    copy[extent * ((count - 1) / 2)] ^= 1;
    return copy - lb;
}

static const void *zeros(long long count, MPI_Datatype type)
{
    MPI_Aint extent, lb, size;
    if (!shape(type, &extent, &lb, &size))
        return MPI_IN_PLACE;
    return (unsigned char *)calloc((size_t)count + 1, (size_t)(extent > size ? extent : size)) - lb;
}

static MPI_Datatype flat(MPI_Datatype type)
{
    MPI_Datatype bytes;
    int size;
    if (!is_derived(type))
        return type;
    PMPI_Type_size(type, &size);
    PMPI_Type_contiguous(size, MPI_BYTE, &bytes);
    PMPI_Type_commit(&bytes);
    return bytes;
}

static MPI_Op other_op(MPI_Op op)
{
    MPI_Op from[] = {MPI_SUM, MPI_PROD, MPI_MAX, MPI_MIN, MPI_LAND, MPI_LOR, MPI_LXOR,
                     MPI_BAND, MPI_BOR, MPI_BXOR, MPI_MAXLOC, MPI_MINLOC, MPI_REPLACE};
    MPI_Op to[] = {MPI_PROD, MPI_SUM, MPI_MIN, MPI_MAX, MPI_LOR, MPI_LAND, MPI_LOR,
                   MPI_BOR, MPI_BAND, MPI_BOR, MPI_MINLOC, MPI_MAXLOC, MPI_NO_OP};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        if (op == from[i])
            return to[i];
    return op;
}

static int other_root(int root, MPI_Comm comm)
{
    int inter = 0;
    PMPI_Comm_test_inter(comm, &inter);
    return inter || root < 0 ? root : (root + 1) % remote_size(comm);
}

static MPI_Comm world(MPI_Comm comm)
{
    int inter = 0;
    if (comm == MPI_COMM_NULL || comm == MPI_COMM_SELF)
        return comm;
    PMPI_Comm_test_inter(comm, &inter);
    return inter ? comm : MPI_COMM_WORLD;
}

static const int *reversed(int count, const int *numbers)
{
    int *copy = malloc(sizeof(int) * (size_t)(count > 0 ? count : 1));
    for (int i = 0; i < count; i++)
        copy[i] = numbers[count - 1 - i];
    return copy;
}

static void reverse(int count, int *numbers)
{
    for (int i = 0; i < count / 2; i++) {
        int other = numbers[i];
        numbers[i] = numbers[count - 1 - i];
        numbers[count - 1 - i] = other;
    }
}

/* 0 and 1 may be flags. */
static void lie(int *number)
{
    if (number)
        *number = *number == 0 || *number == 1 ? !*number : *number + 1;
}

#define last_part(counts, comm) \
    ({ \
        int part = remote_size(comm) - 1; \
        while (part >= 0 && (counts)[part] == 0) \
            part--; \
        part; \
    })

/* Fortran passes everything by reference, and lengths of texts behind it: more words than a function takes do no harm. */
typedef void fortran_function(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                              uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
#define FORTRAN_PARAMETERS \
    uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5, uintptr_t a6, uintptr_t a7, \
        uintptr_t a8, uintptr_t a9, uintptr_t a10, uintptr_t a11, uintptr_t a12, uintptr_t a13, uintptr_t a14, \
        uintptr_t a15
#define FORTRAN_ARGUMENTS a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15

static fortran_function *next(const char *name)
{
    fortran_function *found = (fortran_function *)dlsym(RTLD_NEXT, name);
    if (!found) {
        fprintf(stderr, "stackprobe: there is no %s behind the shim\n", name);
        _Exit(70);
    }
    return found;
}
