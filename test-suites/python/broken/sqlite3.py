raise ImportError("seeded: libsqlite3.so.0: cannot open shared object file")
