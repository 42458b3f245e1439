! Fortran with its run-time library at work: whose is it?
program runtime_libraries_f
  use, intrinsic :: iso_c_binding, only: c_int
  implicit none

  interface
    integer(c_int) function judge_runtime_libraries(total) bind(c)
      import :: c_int
      integer(c_int), value :: total
    end function judge_runtime_libraries
  end interface

  character(len=400) :: line
  integer :: i, numbers(100)

  write (line, '(100(i0, 1x))') [(i, i=1, 100)]
  read (line, *) numbers
  if (judge_runtime_libraries(int(sum(numbers), c_int)) /= 0) stop 1
end program runtime_libraries_f
