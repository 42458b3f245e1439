/* Which of the Fortran calls this library can have: the wrapper's preprocessor makes fortran_new.inc of it. Only the
 * macros of mpi.h are read, and no name of MPI that is one may stand here. */
#if MPI_VERSION >= 4
      include 'fortran_four.inc'
      logical function has_arrived(part)
      integer, intent(in) :: part
/* The module of MPICH 4.0 declares the flag as an integer: docs/findings/mpich-fortran-4.md. */
#if !(defined(WITH_MODULE) && !defined(I_MPI_NUMVERSION) && defined(MPICH_NUMVERSION) && MPICH_NUMVERSION < 40100000)
      has_arrived = .false.
      call MPI_Parrived(request, part, has_arrived, error)
#else
      has_arrived = part > 0
#endif
      end function has_arrived
      subroutine new_environment()
/* mpi_f08 of MPICH 4.0 hands on two arguments fewer than it takes: the same page. */
#if !(defined(WITH_TYPES) && !defined(I_MPI_NUMVERSION) && defined(MPICH_NUMVERSION) && MPICH_NUMVERSION < 40100000)
      call MPI_Info_create_env(info1, error)
#else
      call MPI_Info_create(info1, error)
#endif
      end subroutine new_environment
      subroutine more_sessions()
#ifdef WITH_TYPES
      type(MPI_Session) :: session
#else
      integer :: session
#endif
/* MPICH 4.0.2 counts process sets from 1 in Fortran, and ends the program where it is asked for the one before. */
#if !defined(WITH_TYPES) && !defined(I_MPI_NUMVERSION) && defined(MPICH_NUMVERSION) && MPICH_NUMVERSION < 40003000
      integer, parameter :: first = 1
#else
      integer, parameter :: first = 0
#endif
      include 'fortran_sessions.inc'
      end subroutine more_sessions
#else
      subroutine more_four()
      end subroutine more_four
      subroutine more_sessions()
      end subroutine more_sessions
#endif
