"""Whether the compiler that built something is the one whose module is loaded."""

# Spack's names for the compilers that call themselves Clang.
CLANG = {"llvm", "clang"}
ONEAPI = {"intel-oneapi-compilers", "oneapi", "intel"}


def same_compiler(family, version, told):
    """`told` is `FAMILY VERSION; __VERSION__` as the package's compiler.h puts it together."""
    name, _, rest = told.partition(" ")
    found, _, banner = rest.partition("; ")
    if family == "aocc":
        # AMD's compiler defines no macro of its own: only its banner has its name and version.
        return "AOCC_" + version in banner
    if family in ONEAPI:
        # 20240200 is 2024.2.0.
        found = "%d.%d.%d" % (int(found[:4]), int(found[4:6]), int(found[6:8])) if len(found) == 8 else found
        return name in ONEAPI and numbers(found)[:2] == numbers(version)[:2]
    if family in CLANG:
        return name == "llvm" and "AOCC" not in banner and numbers(found) == numbers(version)
    return name == family and numbers(found) == numbers(version)


def numbers(version):
    """The leading numbers of a version, three of them: `12.2` is `12.2.0`."""
    parts = []
    for part in version.split("-")[0].split("."):
        if not part.isdigit():
            break
        parts.append(int(part))
    return (parts + [0, 0, 0])[:3]
