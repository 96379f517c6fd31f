"""tenon_plugin: a plugin's shared object, <name>.so, which exports tenon_plugin_v1 and nothing else."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

def tenon_plugin(name, srcs, deps = [], copts = [], linkopts = [], **kwargs):
    cc_binary(
        name = name + ".so",
        srcs = srcs,
        linkshared = True,
        copts = ["-fvisibility=hidden", "-fvisibility-inlines-hidden"] + copts,
        # Hidden visibility alone leaves the templates of libraries and GNU_UNIQUE objects exported.
        additional_linker_inputs = ["//tools:plugin.lds"],
        linkopts = ["-Wl,--version-script=$(location //tools:plugin.lds)", "-Wl,--no-undefined"] + linkopts,
        deps = deps + ["//framework/plugin:plugin_sdk"],
        **kwargs
    )
