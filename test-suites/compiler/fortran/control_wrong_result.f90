! A control: one check is wrong on purpose.
program control_wrong_result
  use tap
  implicit none
  integer, volatile :: two

  two = 2
  call tap_int(two * two, 4, 'sound')
  call tap_int(two * two, 5, 'seeded wrong result')
  call tap_done()
end program control_wrong_result
