! A control: Fortran declares a C function that no object defines, so the link must fail.
program control_missing_c
  use, intrinsic :: iso_c_binding, only: c_int
  implicit none

  interface
    integer(c_int) function seeded_missing_c(value) bind(c)
      import :: c_int
      integer(c_int), value :: value
    end function seeded_missing_c
  end interface

  print '(i0)', seeded_missing_c(1_c_int)
end program control_missing_c
