// What `latentone play` is started with; what is nil is left to its settings.
LatentoneOptions {
	var <>model, <>port = 9001, <>voices, <>sink, <>output, <>device, <>sampleRate, <>block, <>latencyMs;
	var <>runtime, <>seed, <>config, <>midi = false, <>more = "";

	asOptionsString {
		var flags = [
			"--osc-port", port, "--voices", voices, "--sink", sink, "--output", output, "--device", device,
			"--sample-rate", sampleRate, "--block", block, "--latency-ms", latencyMs, "--runtime", runtime,
			"--seed", seed, "--config", config
		];
		var words = [];
		if(model.notNil) { words = words.add(model.asString.shellQuote) };
		flags.pairsDo { |flag, value| if(value.notNil) { words = words ++ [flag, value.asString.shellQuote] } };
		if(midi) { words = words.add("--midi") };
		^(words ++ more).join(" ")
	}
}
