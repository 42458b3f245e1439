! An index outside its bounds, in a program that is built to check them.
program bounds
  implicit none
  integer :: values(4)
  integer, volatile :: place

  values = [1, 2, 3, 4]
  place = 5
  print '(a, i0)', 'within: ', values(place - 1)
  flush (6)
  print '(a, i0)', 'outside: ', values(place)
end program bounds
