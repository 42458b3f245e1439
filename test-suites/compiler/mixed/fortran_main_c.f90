! A Fortran program that calls C through iso_c_binding.
module c_side
  use, intrinsic :: iso_c_binding
  implicit none

  type, bind(c) :: particle
    integer(c_int32_t) :: id
    real(c_double) :: position(3)
    real(c_float) :: charge
    character(kind=c_char) :: tag
    logical(c_bool) :: fixed
  end type particle

  interface
    integer(c_int64_t) function c_sum(values, count) bind(c)
      import :: c_int64_t, c_int32_t, c_size_t
      integer(c_int32_t), intent(in) :: values(*)
      integer(c_size_t), value :: count
    end function c_sum

    subroutine c_move(particles, count, by) bind(c)
      import :: particle, c_double, c_int
      type(particle), intent(inout) :: particles(*)
      integer(c_int), value :: count
      real(c_double), value :: by
    end subroutine c_move

    subroutine c_fill(matrix, rows, columns) bind(c)
      import :: c_double, c_int
      real(c_double), intent(out) :: matrix(*)
      integer(c_int), value :: rows, columns
    end subroutine c_fill

    integer(c_int) function c_length(text) bind(c)
      import :: c_int, c_char
      character(kind=c_char), intent(in) :: text(*)
    end function c_length

    subroutine c_upper(text) bind(c)
      import :: c_char
      character(kind=c_char), intent(inout) :: text(*)
    end subroutine c_upper

    complex(c_double_complex) function c_conjugate(z) bind(c)
      import :: c_double_complex
      complex(c_double_complex), value :: z
    end function c_conjugate

    type(c_ptr) function c_table(count) bind(c)
      import :: c_ptr, c_int
      integer(c_int), intent(out) :: count
    end function c_table
  end interface
end module c_side

program fortran_main_c
  use c_side
  use tap
  implicit none
  type(particle) :: moved(3)
  real(c_double) :: matrix(4, 3)
  integer(c_int32_t) :: values(1000)
  integer(c_int) :: count
  integer :: i
  integer(c_int), pointer :: table(:)
  character(kind=c_char, len=8) :: text
  complex(c_double_complex) :: z

  values = [(i, i=1, 1000)]
  call tap_int(int(c_sum(values, 1000_c_size_t)), 500500, 'array and size_t by value')
  call tap_int(int(c_sum(values(1:1000:10), 100_c_size_t)), 49600, 'strided section is packed')

  do i = 1, 3
    moved(i) = particle(40 + i, i * [1.0_c_double, 2.0_c_double, 3.0_c_double], 0.5, 'p', .false._c_bool)
  end do
  call c_move(moved, 3_c_int, 0.25_c_double)
  call tap_int(moved(1)%id * 100 + moved(3)%id, 4244, 'structure integer')
  call tap_real(sum(moved(1)%position) + sum(moved(3)%position), 27.0_c_double, 0.0_c_double, 'structure array')
  call tap_real(moved(3)%charge, -0.5, 0.0, 'structure float')
  call tap_ok(moved(3)%tag == 'q' .and. moved(3)%fixed, 'structure character and logical')

  call c_fill(matrix, 3_c_int, 4_c_int)
  call tap_real(matrix(2, 3) * 100 + sum(matrix(:, 1)), 2106.0_c_double, 0.0_c_double, 'matrix order')

  call tap_int(c_length('four' // c_null_char), 4, 'text to c')
  text = 'mixed' // c_null_char // 'xx'
  call c_upper(text)
  call tap_ok(text == 'MIXED' // c_null_char // 'xx', 'text changed by c')

  z = c_conjugate((1.5_c_double, 2.5_c_double))
  call tap_real(real(z) * 10 + aimag(z), 12.5_c_double, 0.0_c_double, 'complex by value')

  call c_f_pointer(c_table(count), table, [count])
  call tap_int(sum(table) * 10 + size(table), 285, 'pointer from c')
  call tap_done()
end program fortran_main_c
