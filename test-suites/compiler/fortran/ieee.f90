! The IEEE modules: classes, special values, rounding modes and exception flags, at run time (operands are volatile).
program ieee
  use, intrinsic :: ieee_arithmetic
  use, intrinsic :: ieee_exceptions
  use, intrinsic :: iso_fortran_env, only: real32, real64
  use tap
  implicit none
  real(real64), volatile :: zero, one, three, up, down, nan_value, infinite
  type(ieee_round_type) :: before
  logical :: raised

  zero = 0.0_real64
  one = 1.0_real64
  three = 3.0_real64

  call tap_ok(ieee_support_datatype(one) .and. ieee_support_nan(one) .and. ieee_support_inf(one), 'support')
  nan_value = ieee_value(one, ieee_quiet_nan)
  infinite = ieee_value(one, ieee_positive_inf)
  call tap_ok(ieee_is_nan(nan_value) .and. .not. ieee_is_nan(one) .and. .not. nan_value <= nan_value, 'nan')
  call tap_ok(.not. ieee_is_finite(infinite) .and. infinite > huge(one), 'infinity')
  call tap_ok(ieee_class(-zero * one) == ieee_negative_zero .and. ieee_is_negative(-infinite), 'signed values')
  call tap_ok(ieee_class(tiny(one) / (three - one)) == ieee_positive_denormal, 'subnormals are not flushed')
  call tap_real(ieee_copy_sign(three, -one), -3.0_real64, 0.0_real64, 'copy_sign')
  call tap_real(ieee_next_after(one, 2.0_real64) - one, epsilon(one), 0.0_real64, 'next_after')
  call tap_real(ieee_logb(three * 4), 3.0_real64, 0.0_real64, 'logb')
  call tap_real(ieee_scalb(three, 4), 48.0_real64, 0.0_real64, 'scalb')
  call tap_real(ieee_rint(2.5_real64 * one), 2.0_real64, 0.0_real64, 'rint')
  call tap_ok(ieee_unordered(nan_value, one) .and. .not. ieee_unordered(one, three), 'unordered')

  call ieee_get_rounding_mode(before)
  call ieee_set_rounding_mode(ieee_up)
  up = one / three
  call ieee_set_rounding_mode(ieee_down)
  down = one / three
  call ieee_set_rounding_mode(before)
  call tap_real((up - down) / spacing(down), 1.0_real64, 0.0_real64, 'rounding modes')

  call ieee_set_halting_mode(ieee_all, .false.)
  call ieee_set_flag(ieee_all, .false.)
  up = one / zero
  call ieee_get_flag(ieee_divide_by_zero, raised)
  call tap_ok(raised, 'division by zero is flagged')
  call ieee_get_flag(ieee_invalid, raised)
  call tap_ok(.not. raised, 'no other flag')
  up = zero / zero
  call ieee_get_flag(ieee_invalid, raised)
  call tap_ok(raised, 'invalid is flagged')
  up = huge(one) * three
  call ieee_get_flag(ieee_overflow, raised)
  call tap_ok(raised, 'overflow is flagged')
  call ieee_set_flag(ieee_all, .false.)
  call ieee_get_flag(ieee_overflow, raised)
  call tap_ok(.not. raised, 'flags are cleared')
  call tap_int(ieee_selected_real_kind(15, 300), real64, 'selected kind')
  call tap_done()
end program ieee
