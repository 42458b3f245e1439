! Functions whose result Fortran compilers return in different ways: of a complex one, and of single precision.
program fortran_blas
  implicit none
  integer, parameter :: single = kind(1.0), double = kind(1.0d0)
  integer, parameter :: n = 11
  complex(double) :: zx(n), zy(n), zdotu, zdotc
  complex(single) :: cx(n), cy(n), cdotu, cdotc
  real(double) :: dx(n), ddot, dnrm2, dasum
  real(single) :: sx(n), sdot, snrm2
  external :: zdotu, zdotc, cdotu, cdotc, ddot, dnrm2, dasum, sdot, snrm2, idamax
  integer :: i, idamax, failures

  failures = 0
  do i = 1, n
    zx(i) = cmplx(i, -2 * i, double)
    zy(i) = cmplx(3 - i, i, double)
    dx(i) = (-1)**i * i
  end do
  cx = cmplx(zx, kind=single)
  cy = cmplx(zy, kind=single)
  sx = real(dx, single)
  call told(abs(ddot(n, dx, 1, dx, 1) - sum(dx * dx)) < 1d-12, 1, 'ddot')
  call told(abs(dnrm2(n, dx, 1) - sqrt(sum(dx * dx))) < 1d-12, 2, 'dnrm2')
  call told(abs(dasum(n, dx, 1) - sum(abs(dx))) < 1d-12, 3, 'dasum')
  call told(idamax(n, dx, 1) == n, 4, 'idamax')
  call told(abs(sdot(n, sx, 1, sx, 1) - sum(sx * sx)) < 1e-3, 5, 'sdot')
  call told(abs(snrm2(n, sx, 1) - sqrt(sum(sx * sx))) < 1e-4, 6, 'snrm2')
  call told(abs(zdotu(n, zx, 1, zy, 1) - sum(zx * zy)) < 1d-12, 7, 'zdotu')
  call told(abs(zdotc(n, zx, 1, zy, 1) - sum(conjg(zx) * zy)) < 1d-12, 8, 'zdotc')
  call told(abs(cdotu(n, cx, 1, cy, 1) - sum(cx * cy)) < 1e-3, 9, 'cdotu')
  call told(abs(cdotc(n, cx, 1, cy, 1) - sum(conjg(cx) * cy)) < 1e-3, 10, 'cdotc')
  print '(a)', '1..10'
  if (failures > 0) stop 1

contains

  include 'told.inc'
end program fortran_blas
