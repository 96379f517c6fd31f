"""tenon_plugin: a plugin's shared object, <name>.so, which exports tenon_plugin_v1 and nothing else."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

def tenon_plugin(name, srcs, manifest = None, deps = [], copts = [], linkopts = [], **kwargs):
    """manifest: the JSON file that becomes kManifest, a text, in manifest.h beside it."""
    if manifest:
        native.genrule(
            name = name + "-manifest",
            srcs = [manifest],
            outs = ["manifest.h"],
            cmd = "(printf 'constexpr char kManifest[] = R\"manifest('; cat $<; printf ')manifest\";\n') >$@",
        )
        srcs = srcs + ["manifest.h"]
    cc_binary(
        name = name + ".so",
        srcs = srcs,
        linkshared = True,
        # A manifest.h may be included as a file beside the source.
        copts = ["-fvisibility=hidden", "-fvisibility-inlines-hidden", "-iquote$(BINDIR)/" + native.package_name()] + copts,
        # Hidden visibility alone leaves the templates of libraries and GNU_UNIQUE objects exported.
        additional_linker_inputs = ["//tools:plugin.lds"],
        linkopts = ["-Wl,--version-script=$(location //tools:plugin.lds)", "-Wl,--no-undefined"] + linkopts,
        deps = deps + ["//framework/plugin:plugin_sdk"],
        **kwargs
    )
