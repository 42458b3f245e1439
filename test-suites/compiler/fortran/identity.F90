! Is {fc} the compiler of the loaded module? From the macros of its preprocessor, as the C probe does.
program identity
  use tap
  implicit none
  character(len=64) :: family, version, made
  integer :: length, status

  made = 'unknown'
#if defined(__NVCOMPILER_MAJOR__)
  write (made, '(a, 1x, i0, ".", i0)') 'nvhpc', __NVCOMPILER_MAJOR__, __NVCOMPILER_MINOR__
#elif defined(__INTEL_LLVM_COMPILER)
  write (made, '(a, 1x, i0, ".", i0, ".", i0)') 'intel-oneapi-compilers', __INTEL_LLVM_COMPILER / 10000, &
    & mod(__INTEL_LLVM_COMPILER / 100, 100), mod(__INTEL_LLVM_COMPILER, 100)
#elif defined(__flang__)
  write (made, '(a, 1x, i0, ".", i0, ".", i0)') 'llvm', __flang_major__, __flang_minor__, __flang_patchlevel__
#elif defined(__GFORTRAN__)
  write (made, '(a, 1x, i0, ".", i0, ".", i0)') 'gcc', __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__
#endif

  call get_environment_variable('STACKPROBE_CC_FAMILY', family, length, status)
  call tap_note('compiled by ' // trim(made) // ' for module ' // trim(family))
  call get_environment_variable('STACKPROBE_CC_VERSION', version)
  if (family == 'gcc' .or. family == 'llvm' .or. family == 'intel-oneapi-compilers' .or. family == 'nvhpc') then
    call tap_text(made(1:index(made, ' ')), trim(family) // ' ', 'family')
    call tap_ok(agrees(made(index(made, ' ') + 1:), version), 'version')
  else
    call tap_skip('family', 'no rule tells this compiler family from its macros')
    call tap_skip('version', 'no rule tells this compiler family from its macros')
  end if
  call tap_note('module version ' // trim(version))
  call tap_done()

contains

  ! Every number that the module's version gives and the compiler knows must agree: module "12" accepts 12.2.0.
  logical function agrees(compiler, module_version)
    character(len=*), intent(in) :: compiler, module_version
    integer :: at, compared, from_compiler, from_module, next

    agrees = .false.
    at = 1
    next = 1
    do compared = 1, 3
      from_compiler = number(compiler, at)
      from_module = number(module_version, next)
      if (from_compiler < 0 .or. from_module < 0) return
      agrees = from_compiler == from_module
      if (.not. agrees) return
    end do
  end function agrees

  ! The number that begins at `at`, which then stands behind it and one dot; -1 if there is none.
  integer function number(text, at)
    character(len=*), intent(in) :: text
    integer, intent(inout) :: at
    integer :: digit

    number = -1
    do while (at <= len(text))
      digit = index('0123456789', text(at:at)) - 1
      if (digit < 0) exit
      number = max(number, 0) * 10 + digit
      at = at + 1
    end do
    if (at <= len(text)) then
      if (text(at:at) == '.') at = at + 1
    end if
  end function number
end program identity
