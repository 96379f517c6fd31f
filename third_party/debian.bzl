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
    linkopts = {linkopts},
    testonly = {testonly},
    visibility = ["//visibility:public"],
)
""".format(
        name = ctx.name,
        defines = repr([stamp]),
        linkopts = repr(ctx.attr.linkopts),
        testonly = ctx.attr.for_tests,
    ))

debian_library = repository_rule(
    implementation = _impl,
    attrs = {
        "packages": attr.string_list(mandatory = True),
        "linkopts": attr.string_list(),
        "for_tests": attr.bool(),
    },
    configure = True,
    local = True,
)

# What is used, and nothing else: a plugin brings the rows of its libraries (Boost and cpprestsdk for REST, librbd, libdevmapper)
# and their packages in tools/packages.
_LIBS = {
    "cli11": (["libcli11-dev"], []),
    "fmt": (["libfmt-dev"], ["-lfmt"]),
    "libcrypto": (["libssl-dev"], ["-lcrypto"]),
    "libcurl": (["libcurl4-openssl-dev"], ["-lcurl"]),
    "libvirt": (["libvirt-dev"], ["-lvirt"]),
    "libxml2": (["libxml2-dev"], ["-lxml2"]),
    "mimalloc": (["libmimalloc-dev"], ["-lmimalloc"]),
    "nlohmann_json": (["nlohmann-json3-dev"], []),
    "sqlite3": (["libsqlite3-dev"], ["-lsqlite3"]),
    "yaml_cpp": (["libyaml-cpp-dev"], ["-lyaml-cpp"]),
    "zlib": (["zlib1g-dev"], ["-lz"]),
}

def debian_libraries():
    for name, (packages, linkopts) in _LIBS.items():
        debian_library(name = name, packages = packages, linkopts = linkopts)
    debian_library(
        name = "gtest_main",
        packages = ["libgtest-dev", "libgmock-dev"],
        linkopts = ["-lgmock_main", "-lgmock", "-lgtest", "-pthread"],
        for_tests = True,
    )
