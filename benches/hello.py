"""The 24 cases of the benchmark for ReFrame: the same sources, modules and launcher environment as the other columns."""

import os

import reframe as rfm
import reframe.utility.sanity as sn

SUITES = os.environ["BENCH_SUITES"]


@rfm.simple_test
class Hello(rfm.RegressionTest):
    language = parameter(["c", "cpp", "f90"])
    valid_systems = ["*"]
    valid_prog_environs = ["+compiler"]
    build_system = "SingleSource"

    @run_after("init")
    def prepare(self):
        self.sourcesdir = f"{SUITES}/bench-compiler"
        self.sourcepath = f"hello.{self.language}"

    @run_before("compile")
    def optimise(self):
        self.build_system.cflags = self.build_system.cxxflags = self.build_system.fflags = ["-O2"]

    @sanity_function
    def said(self):
        return sn.assert_found("hello", self.stdout)


@rfm.simple_test
class HelloMpi(rfm.RegressionTest):
    valid_systems = ["*"]
    valid_prog_environs = ["+mpi"]
    build_system = "SingleSource"
    sourcesdir = f"{SUITES}/bench-mpi"
    sourcepath = "hello_mpi.c"
    num_tasks = 4

    @run_before("compile")
    def optimise(self):
        self.build_system.cflags = ["-O2"]

    @sanity_function
    def said(self):
        return sn.assert_found("hello 0 of 4", self.stdout)
