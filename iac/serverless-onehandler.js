"use strict";
// Builds the layers and the function archives that serverless.yml names, before it packages them.
// A rebuild from unchanged inputs takes about a second.

const { spawnSync } = require("child_process");
const fs = require("fs");
const path = require("path");

// Layers that only who asks for them, by the parameter of their name, pays for.
const OPTIONAL = {
  parquet: { functions: ["batchPlan", "batchScore"], description: "pyarrow, for batch files in Parquet" },
  image: { functions: ["predict", "batchScore"], description: "Pillow, for bundles that take images" },
  text: { functions: ["predict", "batchScore"], description: "tokenizers, for bundles that take texts" },
};

class OnehandlerPlugin {
  constructor(serverless, _options, { log } = {}) {
    this.serverless = serverless;
    this.log = log;
    this.knowNewRuntimes();
    this.hooks = {
      "before:package:initialize": () => {
        this.addOptional(this.serverless.service);
        this.build();
        this.packageOffline();
      },
    };
  }

  // Serverless Framework 3 is older than Python 3.12 on Lambda and would refuse the name.
  knowNewRuntimes() {
    const { awsLambdaRuntime } = this.serverless.configSchemaHandler.schema.definitions;
    for (const runtime of ["python3.12", "python3.13", "python3.14"]) {
      if (!awsLambdaRuntime.enum.includes(runtime)) awsLambdaRuntime.enum.push(runtime);
    }
  }

  // With layers in the service, the framework asks CloudFormation for the stack's last layers even for a
  // plain `package`, which then needs an account. Only a deploy can profit from the answer.
  packageOffline() {
    if (this.serverless.processedInput.commands[0] !== "package") return;
    const compiler = this.serverless.pluginManager.plugins.find(
      (plugin) => typeof plugin.compareWithLastLayer === "function",
    );
    if (compiler) compiler.compareWithLastLayer = async () => {};
  }

  // The layer, and its place in the functions, come with the parameter.
  addOptional(service) {
    for (const name of asked(service)) {
      const { functions, description } = OPTIONAL[name];
      service.layers[name] = {
        ...service.layers.batch,
        name: `${service.service}-${service.provider.stage}-${name}`,
        description,
        package: { artifact: `${service.custom.artifacts}/layer-${name}.zip` },
      };
      const reference = { Ref: `${name[0].toUpperCase()}${name.slice(1)}LambdaLayer` };
      for (const each of functions) service.functions[each].layers.push(reference);
    }
  }

  build() {
    const { service, serviceDir } = this.serverless;
    const { bundle, architecture, python, location } = this.parameters(service);
    this.refuseOldSystems(python);
    this.refuseLoops(service);
    const command = [
      "-m", "layers.package",
      "--bundle", bundle,
      "--arch", architecture,
      "--python", python,
      "--out", service.custom.artifacts,
      "--location", location,
      ...asked(service).map((name) => `--${name}`),
    ];
    if (this.log) this.log.notice(`Building ${service.custom.artifacts} (${architecture}, Python ${python})`);
    const run = spawnSync(interpreter(serviceDir), command, { cwd: serviceDir, encoding: "utf8" });
    if (run.error || run.status !== 0) {
      const reason = run.error ? run.error.message : run.stderr.trim() || run.stdout.trim();
      throw new this.serverless.classes.Error(`onehandler could not build the artifacts:\n${reason}`);
    }
  }

  // Lambda's Python 3.11 runs on Amazon Linux 2, whose glibc (2.26) cannot load ONNX Runtime's library (2.28).
  // The emulator runs functions on this machine's own glibc, so there it may be used.
  refuseOldSystems(python) {
    if (python !== "3.11" || process.env.AWS_ENDPOINT_URL) return;
    throw new this.serverless.classes.Error(
      'Lambda\'s python3.11 is too old for ONNX Runtime; deploy with --param="python=3.12" or later',
    );
  }

  // Results that land where files are dropped would be scored in turn, without an end.
  refuseLoops(service) {
    const { drops, results } = service.custom.names;
    if (drops !== results) return;
    throw new this.serverless.classes.Error(
      `custom.names.results is '${results}', the bucket that files are dropped into: results need one of their own`,
    );
  }

  parameters(service) {
    const { architecture, runtime } = service.provider;
    const { bundle, location } = service.custom;
    return { bundle, location, architecture, python: runtime.replace(/^python/, "") };
  }
}

function asked(service) {
  return Object.keys(OPTIONAL).filter((name) => service.custom[name]);
}

function interpreter(serviceDir) {
  const own = path.join(serviceDir, ".venv", "bin", "python");
  return fs.existsSync(own) ? own : "python3";
}

module.exports = OnehandlerPlugin;
