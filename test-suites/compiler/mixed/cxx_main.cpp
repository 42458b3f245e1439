// A C++ program that uses Fortran code: two run-time libraries in one process, calls and exceptions across both.
#include "tap.h"

#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
struct summary {
    int count;
    double mean;
    double largest;
};
double f_dot(const double *x, const double *y, int n);
void f_summary(const double *values, int n, summary *answer);
void f_format(double value, char *text, int length);
int f_scratch(int n);
double f_integral(double (*f)(double), double a, double b, int n);
void f_sort(int *values, int n);
}

namespace {

int calls = 0;

double parabola(double x)
{
    ++calls;
    return 3 * x * x;
}

double refusing(double x)
{
    if (x > 0.45) {
        throw std::domain_error("refused at " + std::to_string(x).substr(0, 3));
    }
    return 1.0;
}

}  // namespace

int main()
{
    const std::vector<double> x{1, 2, 3};
    const std::vector<double> y{4, -5, 6};
    tap_real(f_dot(x.data(), y.data(), 3), 12.0, 0.0, "arrays");
    summary answer{};
    f_summary(y.data(), 3, &answer);
    tap_real(answer.count * 100 + answer.largest * 10 + answer.mean, 300 + 60 + 5.0 / 3.0, 1e-12, "structure");
    char text[16];
    f_format(3.14159, text, sizeof text);
    tap_text(text, "     3.142; 000", "text formatted by fortran");
    tap_int(f_scratch(10), 385, "file of fortran");
    tap_real(f_integral(parabola, 0.0, 2.0, 1000), 8.0, 1e-5, "callback");
    tap_int(calls, 1001, "callback is called for every point");
    std::string message;
    try {
        f_integral(refusing, 0.0, 1.0, 10);
    } catch (const std::domain_error &error) {
        message = error.what();
    }
    tap_text(message.c_str(), "refused at 1.0", "exception through a fortran frame");
    std::vector<int> numbers{5, -1, 4, 4, 0};
    f_sort(numbers.data(), 5);
    tap_ok(numbers == std::vector<int>{-1, 0, 4, 4, 5}, "sorted in place");
    return tap_done();
}
