"""debian_library: one repository per system library, probed when something first depends on it."""

def _impl(ctx):
    missing, versions = [], []
    for p in ctx.attr.packages:
        r = ctx.execute(["dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", p])
        if r.return_code == 0 and r.stdout.startswith("installed "):
            versions.append(r.stdout.split(" ")[1])
        else:
            missing.append(p)
    if missing:
        fail("\n\n  @%s needs Debian package(s) that are not installed.\n  Run: apt-get install %s\n" %
             (ctx.name, " ".join(missing)))
    # The package versions go into the compile command line, so that an apt upgrade rebuilds the users.
    tag = "_".join([ctx.name.upper()] + versions)
    stamp = "DEB_" + "".join([c if c.isalnum() else "_" for c in tag.elems()])
    ctx.file("BUILD.bazel", """
load("@rules_cc//cc:defs.bzl", "cc_library")
cc_library(
    name = "{name}",
    defines = {defines},
    includes = {includes},
    linkopts = {linkopts},
    testonly = {testonly},
    visibility = ["//visibility:public"],
)
""".format(
        name = ctx.name,
        defines = repr(ctx.attr.defines + [stamp]),
        includes = "[]",
        linkopts = repr(ctx.attr.linkopts),
        testonly = ctx.attr.for_tests,
    ))

debian_library = repository_rule(
    implementation = _impl,
    attrs = {
        "packages": attr.string_list(mandatory = True),
        "linkopts": attr.string_list(),
        "defines": attr.string_list(),
        "for_tests": attr.bool(),
    },
    configure = True,
    local = True,
)

_LIBS = {
    "boost_filesystem": (["libboost-filesystem1.74-dev"], ["-lboost_filesystem", "-lboost_system"]),
    "boost_program_options": (["libboost-program-options1.74-dev"], ["-lboost_program_options"]),
    "yaml_cpp": (["libyaml-cpp-dev"], ["-lyaml-cpp"]),
    "nlohmann_json": (["nlohmann-json3-dev"], []),
    "cpprestsdk": (["libcpprest-dev", "libssl-dev"], ["-lcpprest", "-lboost_system", "-lssl", "-lcrypto"]),
    "libvirt": (["libvirt-dev"], ["-lvirt"]),
    "librbd": (["librbd-dev", "librados-dev"], ["-lrbd", "-lrados"]),
    "libdevmapper": (["libdevmapper-dev"], ["-ldevmapper"]),
    "sqlite3": (["libsqlite3-dev"], ["-lsqlite3"]),
    "libcurl": (["libcurl4-openssl-dev"], ["-lcurl"]),
    "libnbd": (["libnbd-dev"], ["-lnbd"]),
    "libarchive": (["libarchive-dev"], ["-larchive"]),
    "liblvm2cmd": (["liblvm2-dev"], ["-llvm2cmd"]),
    "libsystemd": (["libsystemd-dev"], ["-lsystemd"]),
    "prometheus_cpp": (["prometheus-cpp-dev"], ["-lprometheus-cpp-pull", "-lprometheus-cpp-core"]),
    "cli11": (["libcli11-dev"], []),
    "libcrypto": (["libssl-dev"], ["-lcrypto"]),
    "libxml2": (["libxml2-dev"], ["-lxml2"]),
    "zlib": (["zlib1g-dev"], ["-lz"]),
    "fmt": (["libfmt-dev"], ["-lfmt"]),
    "mimalloc": (["libmimalloc-dev"], ["-lmimalloc"]),
}

def debian_libraries():
    for name, (packages, linkopts) in _LIBS.items():
        debian_library(name = name, packages = packages, linkopts = linkopts)
    debian_library(
        name = "boost",
        packages = ["libboost1.74-dev"],
        # Boost 1.74 switches coroutines on for g++ only; clang 14+ needs these two.
        defines = ["BOOST_ASIO_HAS_CO_AWAIT=1", "BOOST_ASIO_HAS_STD_COROUTINE=1"],
    )
    debian_library(
        name = "spdlog",
        packages = ["libspdlog-dev", "libfmt-dev"],
        defines = ["SPDLOG_SHARED_LIB", "SPDLOG_COMPILED_LIB", "SPDLOG_FMT_EXTERNAL"],
        linkopts = ["-lspdlog", "-lfmt"],
    )
    debian_library(
        name = "gtest_main",
        packages = ["libgtest-dev", "libgmock-dev"],
        linkopts = ["-lgmock_main", "-lgmock", "-lgtest", "-pthread"],
        for_tests = True,
    )
    debian_library(
        name = "benchmark",
        packages = ["libbenchmark-dev"],
        linkopts = ["-lbenchmark", "-pthread"],
        for_tests = True,
    )
