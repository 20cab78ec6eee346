// Words become OSC: "preset recall dawn 2" goes out as "/preset/recall dawn 2", for Max's js object.

autowatch = 1;
inlets = 1;
outlets = 1;

// How many words of a message are its address, by the first one; of all others it is one.
var WORDS = {
	latent: 2, latent_norm: 2, latent_add: 2, preset: 2, model: 2, map: 2, record: 2, motion: 3, source: 3
};

// All knobs at once, in order.
var ALL_KNOBS = { latents: "latent", latents_norm: "latent_norm", latents_add: "latent_add" };

function packet(words) {
	if (String(words[0]).charAt(0) === "/") return words;
	var prefix = "";
	if (words[0] === "voice") {
		prefix = "/voice/" + words[1];
		words = words.slice(2);
	}
	var count = WORDS.hasOwnProperty(words[0]) ? WORDS[words[0]] : 1;
	var address = words.slice(0, count);
	if (ALL_KNOBS.hasOwnProperty(address[0])) address = [ALL_KNOBS[address[0]]];
	return [prefix + "/" + address.join("/")].concat(words.slice(count));
}

function anything() {
	outlet(0, packet([messagename].concat(arrayfromargs(arguments))));
}

function list() {
	outlet(0, ["/latent"].concat(arrayfromargs(arguments)));
}

function msg_float(value) {
	outlet(0, ["/latent", value]);
}

function msg_int(value) {
	outlet(0, ["/latent", value]);
}

function bang() {
	outlet(0, ["/status"]);
}
