C     FORTRAN 77 as the old libraries are written: fixed form, COMMON,
C     EQUIVALENCE, BLOCK DATA, ENTRY, statement functions, computed and
C     arithmetic branches, implicit types, assumed-size arrays.
      SUBROUTINE STORE(N, VALUES)
      INTEGER N
      REAL VALUES(*)
      COMMON /POOL/ TOTAL, COUNT, LIMIT
      REAL TOTAL
      INTEGER COUNT, LIMIT
      INTEGER I
      DO 10 I = 1, N
         IF (COUNT .GE. LIMIT) GOTO 20
         TOTAL = TOTAL + VALUES(I)
         COUNT = COUNT + 1
   10 CONTINUE
   20 RETURN
      END

      BLOCK DATA START
      COMMON /POOL/ TOTAL, COUNT, LIMIT
      REAL TOTAL
      INTEGER COUNT, LIMIT
      DATA TOTAL /0.5/, COUNT /0/, LIMIT /4/
      END

      REAL FUNCTION CELSIU(X)
      REAL X, FAHREN
      CELSIU = (X - 32.0) / 1.8
      RETURN
      ENTRY FAHREN(X)
      FAHREN = X * 1.8 + 32.0
      RETURN
      END

      INTEGER FUNCTION BRANCH(K)
      INTEGER K
      BRANCH = 0
      GOTO (100, 200, 300), K
      BRANCH = -1
      RETURN
  100 BRANCH = 10
      GOTO 400
  200 BRANCH = 20
      GOTO 400
  300 BRANCH = 30
  400 BRANCH = BRANCH + 1
      RETURN
      END

      INTEGER FUNCTION BITS(X)
      REAL X, Y
      INTEGER J
      EQUIVALENCE (Y, J)
      Y = X
      BITS = J
      RETURN
      END

      DOUBLE PRECISION FUNCTION HORNER(X)
      DOUBLE PRECISION X, POLY, A, B, C, T
      PARAMETER (A = 2.0D0, B = -3.0D0, C = 0.5D0)
      POLY(T) = (A * T + B) * T + C
      HORNER = POLY(X)
     1       + POLY(X + 1.0D0)
      RETURN
      END

      SUBROUTINE PACKED(TEXT)
      CHARACTER*(*) TEXT
      CHARACTER*4 PARTS(2)
      DATA PARTS /'FIXE', 'FORM'/
      TEXT = PARTS(1)(1:3) // PARTS(2)(2:)
      RETURN
      END

      INTEGER FUNCTION KEEPER()
      INTEGER CALLS
      SAVE CALLS
      DATA CALLS /7/
      CALLS = CALLS + 1
      KEEPER = CALLS
      RETURN
      END
