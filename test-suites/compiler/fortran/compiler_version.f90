! compiler_version(), as the run-time library tells it, holds the version of the loaded module.
program compiler_version_probe
  use, intrinsic :: iso_fortran_env, only: compiler_options, compiler_version
  use tap
  implicit none
  character(len=64) :: version
  integer :: length, status

  call get_environment_variable('STACKPROBE_CC_VERSION', version, length, status)
  call tap_note('compiler_version: ' // compiler_version())
  call tap_note('compiler_options: ' // compiler_options())
  call tap_ok(status == 0 .and. length > 0 .and. index(compiler_version(), version(1:max(length, 1))) > 0, &
    & 'compiler_version holds the version of the module')
  call tap_ok(len(compiler_options()) > 0, 'compiler_options')
  call tap_done()
end program compiler_version_probe
