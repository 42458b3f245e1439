! `error stop 3` must be the exit status of the program, after its output was written: batch scripts rely on both.
program error_stop
  implicit none
  integer, volatile :: code

  code = 3
  print '(a)', 'written before the stop'
  if (code == 3) error stop 3
  print '(a)', 'not reached'
end program error_stop
