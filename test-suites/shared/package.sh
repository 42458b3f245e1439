# Whether the .pc file of a library leads to the module's own prefix, and is enough to build with.
#
#   package.sh NAME PREFIX VERSION-OF COMPILER... SOURCE
#
# VERSION-OF is the library's version as its own header or module says it, or - where none is to be compared.
name=$1 prefix=$(cd "$2" && pwd -P) version=$3
shift 3
. "${0%/*}/told.sh"
if ! said=$(pkg-config --print-errors --exists "$name" 2>&1); then
    told 1 "pkg-config finds $name" "$said"
    echo "1..$count"
    exit 1
fi
told 0 "pkg-config finds $name"
at=$(pkg-config --variable=pcfiledir "$name")
at=$(cd "$at" && pwd -P)
case $at/ in
"$prefix"/*) told 0 "$name.pc is the module's" ;;
*) told 1 "$name.pc is the module's" "$at/$name.pc is found first, and the module is of $prefix" ;;
esac
# Where the stack itself lies among folders that are foreign below: what is installed beside the library, or one folder
# further up (OS and CPU, or a compiler).
tree=$prefix
for up in "${prefix%/*}" "${prefix%/*/*}"; do
    case $up in
    /usr/local/lib | /usr/local/lib64 | /usr/local/share) ;;
    /usr/local/?* | /tmp/?* | /var/tmp/?*) tree=$up ;;
    esac
done
missing= foreign=
for word in $(pkg-config --cflags --libs "$name"); do
    case $word in
    -I*/* | -L*/*) folder=${word#-?} ;;
    *) continue ;;
    esac
    [ -d "$folder" ] || missing="$missing $folder"
    case $folder in */spack-stage* | */spack-src* | */build-*) foreign="$foreign $folder" && continue ;; esac
    case $(cd "$folder" 2>/dev/null && pwd -P)/ in "$tree"/*) continue ;; esac
    case $folder in /usr/include* | /usr/lib* | /usr/local/* | /tmp/* | /var/tmp/*) foreign="$foreign $folder" ;; esac
done
[ -z "$missing" ]
told $? "the folders in $name.pc are there" "$name.pc names folders that do not exist:$missing"
[ -z "$foreign" ]
told $? "the folders in $name.pc are of the stack" "$name.pc leads to folders of the host or of a build:$foreign"
own=$(pkg-config --modversion "$name")
if [ "$version" != - ]; then
    case $version in
    "$own" | "$own".* | "$own"-*) told 0 "$name.pc is of the module's version" ;;
    *) told 1 "$name.pc is of the module's version" "$name.pc says $own, the module is of version $version" ;;
    esac
fi
lib=$(pkg-config --variable=libdir "$name")
said=$("$@" $(pkg-config --cflags --libs "$name") ${lib:+-Wl,-rpath,$lib} -lm -o ./by-package 2>&1 && ./by-package 2>&1)
told $? "a program is built with what $name.pc says, and runs" "$said"
echo "1..$count"
