/* The C half of a Fortran program: structures, arrays, text and scalars, as iso_c_binding promises them. */
#include <complex.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct particle {
    int32_t id;
    double position[3];
    float charge;
    char tag;
    _Bool fixed;
};

int64_t c_sum(const int32_t *values, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}

void c_move(struct particle *particles, int count, double by)
{
    for (int i = 0; i < count; i++) {
        for (int axis = 0; axis < 3; axis++) {
            particles[i].position[axis] += by * (axis + 1);
        }
        particles[i].id += 1;
        particles[i].charge = -particles[i].charge;
        particles[i].tag = (char)(particles[i].tag + 1);
        particles[i].fixed = !particles[i].fixed;
    }
}

/* A C matrix [rows][columns] is a Fortran matrix (columns, rows). */
void c_fill(double *matrix, int rows, int columns)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            matrix[i * columns + j] = 10.0 * i + j;
        }
    }
}

int c_length(const char *text)
{
    return (int)strlen(text);
}

void c_upper(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'a' && *text <= 'z') {
            *text = (char)(*text - 'a' + 'A');
        }
    }
}

double complex c_conjugate(double complex z)
{
    return conj(z);
}

const int *c_table(int *count)
{
    static const int table[] = {2, 3, 5, 7, 11};
    *count = (int)(sizeof table / sizeof *table);
    return table;
}
