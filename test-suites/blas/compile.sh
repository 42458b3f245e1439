# Builds with whichever BLAS and LAPACK a prefix holds: compile.sh LIBDIR COMPILER...
libdir=$1
shift
for names in openblas "flame blis-mt" "flame blis" mkl_rt "lapack blas"; do
    flags=
    for name in $names; do
        if [ -e "$libdir/lib$name.so" ]; then flags="$flags -l$name"; else flags=; break; fi
    done
    [ -z "$flags" ] || break
done
if [ -z "$flags" ]; then
    echo "$libdir holds no libopenblas.so, libflame.so and libblis.so, libmkl_rt.so or liblapack.so and libblas.so" >&2
    exit 1
fi
exec "$@" -L"$libdir" -Wl,-rpath,"$libdir" $flags -lm -ldl
