# What nc-config says: config.sh PREFIX VERSION-OF-MODULE COMPILER... SOURCE
prefix=$(cd "$1" && pwd -P)
shift
. "${0%/*}/told.sh"
own=$(nc-config --prefix)
[ -d "$own" ] && own=$(cd "$own" && pwd -P)
[ "$own" = "$prefix" ]
told $? "nc-config is of the module's prefix" "nc-config says that its prefix is $own, the module is of $prefix"
missing=
for word in $(nc-config --cflags --libs); do
    case $word in
    -I*/* | -L*/*) [ -d "${word#-?}" ] || missing="$missing ${word#-?}" ;;
    esac
done
[ -z "$missing" ]
told $? "the folders that it names are there" "nc-config names folders that do not exist:$missing"
said=$("$@" $(nc-config --cflags --libs) -Wl,-rpath,"$prefix/lib" -Wl,-rpath,"$prefix/lib64" -o ./by-config 2>&1 && ./by-config 2>&1)
told $? "a program is built with what it says, and runs" "$said"
echo "1..$count"
