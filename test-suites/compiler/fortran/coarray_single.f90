! Coarrays on one image: what the compiler offers without a parallel run-time library.
program coarray_single
  use tap
  implicit none
  integer :: box(3)[*]
  integer, allocatable :: grown(:)[:]
  integer :: total

  box = this_image() * [1, 2, 3]
  sync all
  call tap_int(num_images() * 10 + this_image(), 11, 'one image')
  call tap_int(sum(box(:)[1]), 6, 'remote read of the own image')
  box(2)[1] = 40
  sync memory
  call tap_int(box(2), 40, 'remote write')
  allocate (grown(5)[*])
  grown = 7
  call tap_int(sum(grown(1:5)[this_image()]), 35, 'allocatable coarray')
  deallocate (grown)
  total = 5
  call co_sum(total)
  call tap_int(total, 5, 'collective sum')
  call tap_int(lcobound(box, 1) * 10 + ucobound(box, 1), 11, 'cobounds')
  call tap_done()
end program coarray_single
