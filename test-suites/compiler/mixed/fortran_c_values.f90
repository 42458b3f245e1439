! Structures by value, procedure pointers in both directions and variables shared with C.
module c_values
  use, intrinsic :: iso_c_binding
  implicit none

  type, bind(c) :: small
    integer(c_int32_t) :: a
    real(c_float) :: b
  end type small

  type, bind(c) :: mixed
    real(c_double) :: x
    integer(c_int64_t) :: n
  end type mixed

  type, bind(c) :: large
    real(c_double) :: values(5)
    integer(c_int32_t) :: tag
  end type large

  integer(c_int), bind(c, name='c_counter') :: counter

  abstract interface
    integer(c_int) function operation(argument) bind(c)
      import :: c_int
      integer(c_int), value :: argument
    end function operation
  end interface

  interface
    real(c_double) function c_by_value(one, two, three, last) bind(c)
      import :: small, mixed, large, c_double, c_int
      type(small), value :: one
      type(mixed), value :: two
      type(large), value :: three
      integer(c_int), value :: last
    end function c_by_value

    type(c_funptr) function c_choose(which) bind(c)
      import :: c_funptr, c_int
      integer(c_int), value :: which
    end function c_choose

    integer(c_int) function c_apply(what, argument) bind(c)
      import :: c_funptr, c_int
      type(c_funptr), value :: what
      integer(c_int), value :: argument
    end function c_apply
  end interface

contains

  integer(c_int) function thrice(argument) bind(c)
    integer(c_int), value :: argument
    thrice = argument * 3
    counter = counter + 10
  end function thrice
end module c_values

program fortran_c_values
  use c_values
  use tap
  implicit none
  procedure(operation), pointer :: chosen
  type(small) :: one
  type(mixed) :: two
  type(large) :: three

  one = small(3, 0.5)
  two = mixed(2.0_c_double, 7_c_int64_t)
  three = large([1.0_c_double, 2.0_c_double, 3.0_c_double, 4.0_c_double, 5.0_c_double], 9)
  call tap_real(c_by_value(one, two, three, 1_c_int), 1007232.0_c_double, 0.0_c_double, 'structures by value')
  call tap_int(one%a, 3, 'the original is untouched')

  call c_f_procpointer(c_choose(2_c_int), chosen)
  call tap_ok(associated(chosen), 'pointer to a c function')
  call tap_int(chosen(21_c_int), 42, 'call through it')
  call tap_int(c_apply(c_funloc(thrice), 13_c_int), 40, 'c calls a fortran function')
  call tap_int(counter, 16, 'variable shared with c')
  call tap_ok(.not. c_associated(c_choose(1_c_int)), 'null function pointer')
  call tap_done()
end program fortran_c_values
