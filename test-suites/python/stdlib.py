"""The standard library, whole: each module that needs a library of the stack does a little of its work."""

import ctypes.util
import importlib
import os
import sys
import sysconfig
import tempfile
import traceback

from tap import Tap, must


def ssl_works():
    import ssl

    must(ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED)
    must(ssl.HAS_TLSv1_3, "no TLS 1.3 in %s" % ssl.OPENSSL_VERSION)


def ssl_certificates():
    import ssl

    if ssl.create_default_context().cert_store_stats()["x509_ca"]:
        return
    # A folder of certificates is read when one is wanted, so nothing of it is in the store yet.
    paths = ssl.get_default_verify_paths()
    folder = paths.capath if paths.capath and os.path.isdir(paths.capath) else None
    found = os.listdir(folder) if folder else []
    must(found, "no certificate in %s or %s" % (paths.openssl_cafile, paths.openssl_capath))


def hashlib_works():
    import hashlib

    for name, digest in (("sha256", "ba7816bf"), ("sha3_256", "3a985da7"), ("blake2b", "ba80a53f")):
        must(hashlib.new(name, b"abc").hexdigest().startswith(digest), name)


def sqlite3_works():
    import sqlite3

    base = sqlite3.connect(":memory:")
    base.execute("create table t(n integer)")
    base.executemany("insert into t values (?)", [(n,) for n in range(10)])
    must(base.execute("select sum(n), json_array_length('[1,2]') from t").fetchone() == (45, 2))


def codec(name):
    def works():
        module = importlib.import_module(name)
        text = b"stackprobe" * 1000
        packed = module.compress(text)
        must(len(packed) < len(text) and module.decompress(packed) == text)

    return works


def ctypes_works():
    library = ctypes.CDLL(None)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 4)(3, 1, 4, 2)
    library.qsort(numbers, 4, ctypes.sizeof(ctypes.c_int), compare(lambda a, b: a[0] - b[0]))
    must(list(numbers) == [1, 2, 3, 4], "qsort with a callback gave %s" % list(numbers))


def uuid_works():
    import uuid

    must(str(uuid.uuid5(uuid.NAMESPACE_DNS, "python.org")) == "886313e1-3b8a-5372-9b90-0c9aee199e5d")
    must(uuid.uuid4() != uuid.uuid4())


def decimal_works():
    import _decimal
    import decimal

    must(decimal.Decimal is _decimal.Decimal, "decimal is the slow one in Python")
    with decimal.localcontext() as context:
        context.prec = 30
        must(str(decimal.Decimal(2).sqrt()) == "1.41421356237309504880168872421")


def square(number):
    return number * number, os.getpid()


def multiprocessing_works():
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map(square, range(8), chunksize=1)
    must([answer for answer, _ in answers] == [n * n for n in range(8)])
    must(os.getpid() not in {process for _, process in answers})


def shared_memory_works():
    from multiprocessing import shared_memory

    block = shared_memory.SharedMemory(create=True, size=4096)
    try:
        block.buf[:3] = b"abc"
        other = shared_memory.SharedMemory(block.name)
        must(bytes(other.buf[:3]) == b"abc")
        other.close()
    finally:
        block.close()
        block.unlink()


def expat_works():
    import xml.etree.ElementTree as tree

    must(tree.fromstring("<a><b c='é'/></a>").find("b").get("c") == "é")


def threads_work():
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        must(sum(pool.map(lambda n: n * n, range(100))) == 328350)


def asyncio_works():
    import asyncio

    async def child():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", "print(6 * 7)", stdout=asyncio.subprocess.PIPE
        )
        return (await process.communicate())[0]

    must(asyncio.run(child()).strip() == b"42")


def utf8_works():
    must(sys.getfilesystemencoding() == "utf-8", sys.getfilesystemencoding())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ünï-文")
        open(path, "w").close()
        must(os.listdir(folder) == ["ünï-文"])


def venv_works():
    import venv

    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=False, symlinks=True)
        must(os.path.exists(os.path.join(folder, "bin", "python")))


def ensurepip_works():
    import ensurepip

    must(ensurepip.version())


def headers_are_there():
    for name in ("Python.h", "pyconfig.h"):
        folder = sysconfig.get_path("platinclude" if name == "pyconfig.h" else "include")
        must(os.path.isfile(os.path.join(folder, name)), "no %s in %s" % (name, folder))


def extensions_load():
    """Every extension of the standard library; those for which a site may have no library are checks of their own."""
    folder = sysconfig.get_config_var("DESTSHARED") or ""
    if not os.path.isdir(folder):
        folder = next((path for path in sys.path if path.endswith("lib-dynload")), "")
    names = {file.split(".")[0] for file in os.listdir(folder)} if os.path.isdir(folder) else set()
    optional = {"readline", "_curses", "_curses_panel", "_tkinter", "_gdbm", "_dbm", "nis", "ossaudiodev"}
    ours = sorted(name for name in names - optional if not name.startswith(("_test", "_xx", "xx", "_ctypes_test")))
    must(ours or "math" in sys.builtin_module_names, "no extension modules in %r" % folder)
    failed = []
    for name in ours:
        try:
            importlib.import_module(name)
        except Exception as fault:
            failed.append("%s: %s" % (name, fault))
    must(not failed, "; ".join(failed))


NEEDED = {
    "ssl": ssl_works,
    "ssl-certificates": ssl_certificates,
    "hashlib": hashlib_works,
    "sqlite3": sqlite3_works,
    "lzma": codec("lzma"),
    "bz2": codec("bz2"),
    "zlib": codec("zlib"),
    "ctypes": ctypes_works,
    "uuid": uuid_works,
    "decimal": decimal_works,
    "expat": expat_works,
    "multiprocessing": multiprocessing_works,
    "shared-memory": shared_memory_works,
    "threads": threads_work,
    "asyncio": asyncio_works,
    "utf-8": utf8_works,
    "venv": venv_works,
    "ensurepip": ensurepip_works,
    "headers": headers_are_there,
    "extensions": extensions_load,
}
# A stack may leave these out; a module that is there and does not load is a fault all the same.
OPTIONAL = ("readline", "curses", "tkinter", "dbm.gnu", "zoneinfo")


def main():
    tap = Tap(list(NEEDED) + ["optional " + name for name in OPTIONAL])
    for name, work in NEEDED.items():
        try:
            work()
        except Exception as fault:
            traceback.print_exc()
            tap.failed(name, "%s: %s" % (type(fault).__name__, fault))
        else:
            tap.passed(name)
    for name in OPTIONAL:
        try:
            importlib.import_module(name)
        except Exception as fault:
            # Debian turns a missing module into advice on packages, which is another exception.
            if isinstance(fault, ModuleNotFoundError) or str(fault).startswith("No module named"):
                tap.skipped("optional " + name, "this Python is built without it: %s" % fault)
                continue
            tap.failed("optional " + name, "%s: %s" % (type(fault).__name__, fault))
        else:
            tap.passed("optional " + name)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
