! The Fortran run-time library linked statically: it works, and none of it is loaded.
program static_libgfortran
  use tap
  implicit none
  character(len=300) :: line
  real, volatile :: third
  integer :: unit, status, libraries, lines

  third = 1.0 / 3.0
  write (line, '(f8.5, 1x, es10.3)') third, third * 1e6
  call tap_text(trim(line), ' 0.33333  3.333E+05', 'formatted output')
  libraries = 0
  lines = 0
  open (newunit=unit, file='/proc/self/maps', action='read', status='old')
  do
    read (unit, '(a)', iostat=status) line
    if (status /= 0) exit
    lines = lines + 1
    if (index(line, 'libgfortran.so') > 0) libraries = libraries + 1
  end do
  close (unit)
  call tap_ok(lines > 5, 'the map is readable')
  call tap_int(libraries, 0, 'libgfortran is not loaded')
  call tap_done()
end program static_libgfortran
