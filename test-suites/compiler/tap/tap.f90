! A TAP 14 writer for Fortran programs. The plan is written last, so that a program which dies half-way leaves
! none, and every line is flushed. Plain Fortran 2003 without polymorphism: compilers that lack it use this too.
module tap
  use, intrinsic :: iso_fortran_env, only: int64, output_unit, real64
  implicit none
  private
  public :: tap_ok, tap_int, tap_real, tap_text, tap_skip, tap_note, tap_done

  interface tap_int
    module procedure tap_int_default, tap_int_long
  end interface tap_int

  interface tap_real
    module procedure tap_real_single, tap_real_double
  end interface tap_real

  integer :: checks = 0
  integer :: failures = 0

contains

  subroutine tap_ok(passed, name)
    logical, intent(in) :: passed
    character(len=*), intent(in) :: name
    character(len=12) :: number

    checks = checks + 1
    write (number, '(i0)') checks
    if (passed) then
      write (output_unit, '(a)') 'ok ' // trim(number) // ' - ' // name
    else
      failures = failures + 1
      write (output_unit, '(a)') 'not ok ' // trim(number) // ' - ' // name
    end if
    flush (output_unit)
  end subroutine tap_ok

  subroutine tap_int_default(got, want, name)
    integer, intent(in) :: got, want
    character(len=*), intent(in) :: name

    call tap_int_long(int(got, int64), int(want, int64), name)
  end subroutine tap_int_default

  subroutine tap_int_long(got, want, name)
    integer(int64), intent(in) :: got, want
    character(len=*), intent(in) :: name
    character(len=24) :: got_text, want_text

    call tap_ok(got == want, name)
    if (got == want) return
    write (got_text, '(i0)') got
    write (want_text, '(i0)') want
    call explain('wrong value', trim(got_text), trim(want_text))
  end subroutine tap_int_long

  subroutine tap_real_single(got, want, tolerance, name)
    real, intent(in) :: got, want, tolerance
    character(len=*), intent(in) :: name

    call tap_real_double(real(got, real64), real(want, real64), real(tolerance, real64), name)
  end subroutine tap_real_single

  ! The comparison is written so that a NaN fails.
  subroutine tap_real_double(got, want, tolerance, name)
    real(real64), intent(in) :: got, want, tolerance
    character(len=*), intent(in) :: name
    character(len=32) :: got_text, want_text
    logical :: passed

    passed = abs(got - want) <= tolerance
    call tap_ok(passed, name)
    if (passed) return
    write (got_text, '(es24.16)') got
    write (want_text, '(es24.16)') want
    call explain('wrong value', trim(adjustl(got_text)), trim(adjustl(want_text)))
  end subroutine tap_real_double

  subroutine tap_text(got, want, name)
    character(len=*), intent(in) :: got, want, name

    call tap_ok(got == want .and. len(got) == len(want), name)
    if (got == want .and. len(got) == len(want)) return
    call explain('wrong text', "'" // got // "'", "'" // want // "'")
  end subroutine tap_text

  ! A fact about this machine, not a hope, must stand behind `why`.
  subroutine tap_skip(name, why)
    character(len=*), intent(in) :: name, why
    character(len=12) :: number

    checks = checks + 1
    write (number, '(i0)') checks
    write (output_unit, '(a)') 'ok ' // trim(number) // ' - ' // name // ' # SKIP ' // why
    flush (output_unit)
  end subroutine tap_skip

  subroutine tap_note(text)
    character(len=*), intent(in) :: text

    write (output_unit, '(a)') '# ' // text
    flush (output_unit)
  end subroutine tap_note

  ! Writes the plan; ends the program with status 1 if a check failed.
  subroutine tap_done()
    character(len=12) :: number

    write (number, '(i0)') checks
    write (output_unit, '(a)') '1..' // trim(number)
    flush (output_unit)
    if (failures > 0) stop 1
  end subroutine tap_done

  subroutine explain(message, got, want)
    character(len=*), intent(in) :: message, got, want

    write (output_unit, '(a)') '  ---', '  message: ' // message, '  got: ' // got, '  want: ' // want, '  ...'
    flush (output_unit)
  end subroutine explain

end module tap
