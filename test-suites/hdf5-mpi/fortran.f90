! All ranks write into one dataset by Fortran, and rank 0 reads it all.
program fortran_parallel
  use mpi
  use hdf5
  implicit none
  integer :: status, rank, size, i, failures
  integer(hid_t) :: file, set, space, memory, access, transfer
  integer(hsize_t) :: whole(2), part(2), start(2)
  double precision :: own(7, 3)
  double precision, allocatable :: all(:, :)
  logical :: same

  failures = 0
  call MPI_Init(status)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, status)
  call MPI_Comm_size(MPI_COMM_WORLD, size, status)
  call h5open_f(status)
  call h5pcreate_f(H5P_FILE_ACCESS_F, access, status)
  call h5pset_fapl_mpio_f(access, MPI_COMM_WORLD, MPI_INFO_NULL, status)
  call told(status == 0, 1, 'access through MPI is chosen')
  call h5fcreate_f('fortran.h5', H5F_ACC_TRUNC_F, file, status, access_prp=access)
  call told(status == 0, 2, 'all ranks create a file')
  whole = [7, 3 * size]
  part = [7, 3]
  start = [0, 3 * rank]
  do i = 1, 3
    own(:, i) = 3 * rank + i
  end do
  call h5screate_simple_f(2, whole, space, status)
  call h5screate_simple_f(2, part, memory, status)
  call h5dcreate_f(file, 'table', H5T_NATIVE_DOUBLE, space, set, status)
  call h5sselect_hyperslab_f(space, H5S_SELECT_SET_F, start, part, status)
  call h5pcreate_f(H5P_DATASET_XFER_F, transfer, status)
  call h5pset_dxpl_mpio_f(transfer, H5FD_MPIO_COLLECTIVE_F, status)
  call h5dwrite_f(set, H5T_NATIVE_DOUBLE, own, part, status, memory, space, transfer)
  call told(status == 0, 3, 'all ranks write collectively')
  call h5dclose_f(set, status)
  call h5fclose_f(file, status)
  call MPI_Barrier(MPI_COMM_WORLD, status)
  same = .true.
  if (rank == 0) then
    allocate (all(7, 3 * size))
    all = -1
    call h5fopen_f('fortran.h5', H5F_ACC_RDONLY_F, file, status)
    call h5dopen_f(file, 'table', set, status)
    call h5dread_f(set, H5T_NATIVE_DOUBLE, all, whole, status)
    do i = 1, 3 * size
      same = same .and. maxval(abs(all(:, i) - i)) == 0
    end do
    call h5dclose_f(set, status)
    call h5fclose_f(file, status)
  end if
  call told(same, 4, 'rank 0 reads what all wrote')
  call h5close_f(status)
  if (rank == 0) print '(a)', '1..4'
  call MPI_Finalize(status)

contains

  subroutine told(passed, number, name)
    logical, intent(in) :: passed
    integer, intent(in) :: number
    character(len=*), intent(in) :: name
    logical :: everywhere
    integer :: answer
    call MPI_Allreduce(passed, everywhere, 1, MPI_LOGICAL, MPI_LAND, MPI_COMM_WORLD, answer)
    if (rank /= 0) return
    if (everywhere) then
      print '(a,i0,a)', 'ok ', number, ' - ' // name
    else
      print '(a,i0,a)', 'not ok ', number, ' - ' // name
    end if
  end subroutine told
end program fortran_parallel
