! Fortran input and output: formats, namelists, and the bytes that unformatted files really hold.
program io
  use, intrinsic :: iso_fortran_env, only: int8, int32, real64, iostat_end, iostat_eor
  use tap
  implicit none
  character(len=512) :: folder
  integer :: length, status

  call get_environment_variable('TMPDIR', folder, length, status)
  if (status /= 0 .or. length == 0) folder = '.'

  call check_formats()
  call check_internal()
  call check_record_markers()
  call check_big_endian()
  call check_stream()
  call check_direct()
  call check_namelist()
  call check_ends()
  call tap_done()

contains

  function file(name) result(path)
    character(len=*), intent(in) :: name
    character(len=:), allocatable :: path
    path = trim(folder) // '/' // name
  end function file

  ! The whole file, byte by byte; the file is deleted.
  subroutine take_bytes(name, bytes)
    character(len=*), intent(in) :: name
    integer(int8), allocatable, intent(out) :: bytes(:)
    integer :: unit, size_in_bytes

    inquire (file=file(name), size=size_in_bytes)
    allocate (bytes(max(size_in_bytes, 0)))
    open (newunit=unit, file=file(name), access='stream', form='unformatted', status='old', action='read')
    read (unit) bytes
    close (unit, status='delete')
  end subroutine take_bytes

  subroutine check_formats()
    character(len=60) :: line
    real(real64), volatile :: pi

    pi = 3.14159265358979_real64
    write (line, '(f8.3, 1x, es12.4, 1x, en12.3, 1x, g0)') pi, pi * 1e-7_real64, pi * 1e4_real64, 42
    call tap_text(trim(line), '   3.142   3.1416E-07   31.416E+03 42', 'real edit descriptors')
    write (line, '(i5.3, 1x, b8.8, 1x, o4, 1x, z4.4, 1x, l2)') 7, 10, 8, 43981, .true.
    call tap_text(trim(line), '  007 00001010   10 ABCD  T', 'integer edit descriptors')
    write (line, '(3(i0, :, ","))') 1, 22, 333
    call tap_text(trim(line), '1,22,333', 'colon ends a repeat')
    write (line, '(sp, i0, ss, 1x, f4.1, t20, a, tl3, a)') 5, -0.5_real64, 'xyz', 'Q'
    call tap_text(trim(line), '+5 -0.5            Qyz', 'signs and tabs')
    write (line, '(f4.1)') 12345.6_real64
    call tap_text(trim(line), '****', 'overflow is stars')
    write (line, '(*(i0, 1x))') [1, 2, 3, 4]
    call tap_text(trim(line), '1 2 3 4', 'unlimited repeat')
  end subroutine check_formats

  subroutine check_internal()
    integer :: a, b, c, code
    real(real64) :: x
    character(len=16) :: line, text

    line = '  12, 34 /'
    read (line, *) a, b
    call tap_int(a * 100 + b, 1234, 'list-directed read')
    c = 9
    line = '2*7,, 5'
    read (line, *) a, b, c
    call tap_int(a * 100 + b * 10 + c, 779, 'repeat and null values')
    line = '1.5D+2 words'
    read (line, '(d6.1, 1x, a)') x, text
    call tap_real(x, 150.0_real64, 0.0_real64, 'read of a d exponent')
    call tap_text(trim(text), 'words', 'read of text')
    line = 'abc'
    read (line, '(i3)', iostat=code) a
    call tap_ok(code > 0, 'a bad number is an error')
  end subroutine check_internal

  ! Sequential unformatted: a 4-byte length before and after each record, in the byte order of the machine.
  subroutine check_record_markers()
    integer :: unit
    integer(int32) :: head, tail, value
    integer(int8), allocatable :: bytes(:)

    open (newunit=unit, file=file('io_markers.dat'), form='unformatted', status='replace')
    write (unit) 1_int32, 2_int32, 3_int32
    close (unit)
    call take_bytes('io_markers.dat', bytes)
    call tap_int(size(bytes), 20, 'record markers take four bytes each')
    if (size(bytes) /= 20) return
    head = transfer(bytes(1:4), head)
    tail = transfer(bytes(17:20), tail)
    value = transfer(bytes(13:16), value)
    call tap_int(head * 10000 + tail * 100 + value, 121203, 'record markers hold the length')
  end subroutine check_record_markers

  subroutine check_big_endian()
    integer :: unit, back
    integer(int8), allocatable :: bytes(:)

    open (newunit=unit, file=file('io_big.dat'), form='unformatted', status='replace', convert='big_endian')
    write (unit) 258_int32
    rewind (unit)
    read (unit) back
    close (unit)
    call take_bytes('io_big.dat', bytes)
    call tap_int(back, 258, 'big-endian round trip')
    call tap_ok(all(bytes == [integer(int8) :: 0, 0, 0, 4, 0, 0, 1, 2, 0, 0, 0, 4]), 'big-endian bytes')
  end subroutine check_big_endian

  subroutine check_stream()
    integer :: unit, position
    integer(int8), allocatable :: bytes(:)
    character(len=3) :: middle

    open (newunit=unit, file=file('io_stream.dat'), access='stream', form='unformatted', status='replace')
    write (unit) 'abcdef'
    write (unit, pos=3) 'XY'
    inquire (unit, pos=position)
    read (unit, pos=2) middle
    close (unit)
    call take_bytes('io_stream.dat', bytes)
    call tap_text(middle, 'bXY', 'stream position')
    call tap_int(size(bytes) * 10 + position, 65, 'stream has no markers')
  end subroutine check_stream

  subroutine check_direct()
    integer :: unit, i, next
    real(real64) :: value(2)

    open (newunit=unit, file=file('io_direct.dat'), access='direct', form='unformatted', status='replace', recl=record())
    do i = 5, 1, -1
      write (unit, rec=i) real([i, i * i], real64)
    end do
    read (unit, rec=4) value
    inquire (unit, nextrec=next)
    close (unit, status='delete')
    call tap_real(value(1) + value(2), 20.0_real64, 0.0_real64, 'direct access')
    call tap_int(next, 5, 'next record')
  end subroutine check_direct

  ! The length of a record in this compiler's own units: some count bytes, some count words.
  integer function record()
    real(real64) :: value(2)
    inquire (iolength=record) value
  end function record

  subroutine check_namelist()
    integer :: unit, count, list(4), code
    real(real64) :: step
    logical :: restart
    character(len=10) :: name
    namelist /run/ count, step, restart, name, list

    count = 0
    step = 0.0_real64
    restart = .false.
    name = ''
    list = -1
    open (newunit=unit, file=file('io_namelist.txt'), form='formatted', status='replace')
    write (unit, '(a)') '&other x = 1 /', '&run count = 12, step = 2.5e-1 ! a comment', &
      & " restart = .true., name = 'it''s'", ' list(2:3) = 2*8 /'
    rewind (unit)
    read (unit, nml=run, iostat=code)
    call tap_int(code, 0, 'namelist is read')
    call tap_int(count * 10000 + sum(list) * 100 + nint(step * 100), 121425, 'namelist numbers')
    call tap_ok(restart .and. name == "it's", 'namelist logical and text')
    rewind (unit)
    count = 77
    write (unit, nml=run)
    rewind (unit)
    count = 0
    read (unit, nml=run)
    close (unit, status='delete')
    call tap_int(count, 77, 'namelist round trip')
  end subroutine check_namelist

  subroutine check_ends()
    integer :: unit, code, width
    character(len=20) :: text
    logical :: exists

    open (newunit=unit, file=file('io_ends.txt'), form='formatted', status='replace')
    write (unit, '(a)', advance='no') 'one'
    write (unit, '(a)') ' line'
    write (unit, '(a)') 'last'
    rewind (unit)
    read (unit, '(a)', advance='no', iostat=code, size=width) text
    call tap_ok(code == iostat_eor .and. width == 8, 'end of record without advance')
    read (unit, '(a)') text
    call tap_text(trim(text), 'last', 'the next record follows')
    read (unit, '(a)', iostat=code) text
    call tap_ok(code == iostat_end, 'end of file')
    backspace (unit)
    backspace (unit)
    read (unit, '(a)') text
    call tap_text(trim(text), 'last', 'backspace from the end')
    close (unit, status='delete')
    inquire (file=file('io_ends.txt'), exist=exists)
    call tap_ok(.not. exists, 'a closed file is deleted')
    open (newunit=unit, file=file('io_absent.txt'), status='old', iostat=code)
    call tap_ok(code > 0, 'opening an absent file is an error')
  end subroutine check_ends
end program io
