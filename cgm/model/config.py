"""What a Code Graph Model is made of, as plain settings that are stored beside its weights.

Knows every option and the rule of every value. Does not know torch.
"""

from dataclasses import dataclass, field

from cgm.errors import require

DTYPES = ("auto", "float32", "bfloat16", "float16")
ATTENTIONS = ("auto", "sdpa", "flex_attention", "eager")
ENCODERS = ("lm", "hf")
QUANTIZATIONS = ("", "8bit", "4bit")
POOLINGS = ("mean", "first", "last")
ADAPTERS = ("mlp", "gat", "sage", "none")
MASKS = ("adjacency", "flat", "full")
POSITIONS = ("list", "shared", "distance")


@dataclass
class LMConfig:
    """The language model: any decoder of transformers with full attention in every layer."""

    path: str = ""  # a name on the model hub or a folder
    revision: str = ""  # of the hub's repository
    gguf_file: str = ""  # the file of that name there, instead of safetensors
    dtype: str = "auto"  # auto: as stored
    attention: str = "auto"  # auto: FlexAttention on a GPU, SDPA elsewhere
    quantization: str = ""  # 8bit, 4bit: how frozen weights are held (bitsandbytes; 4bit is QLoRA's NF4)

    def __post_init__(self) -> None:
        _among("model.lm.dtype", self.dtype, DTYPES)
        # FlashAttention takes no mask but a causal one
        _among("model.lm.attention", self.attention, ATTENTIONS)
        _among("model.lm.quantization", self.quantization, QUANTIZATIONS)
        rule = "model.lm.quantization must be empty for a GGUF file"
        require(not (self.gguf_file and self.quantization), rule, self.quantization)


@dataclass
class EncoderConfig:
    """What makes a vector of a node's text, cut into chunks: an encoder, or the language model's own embeddings."""

    kind: str = "lm"  # lm: the mean of the language model's embeddings, without weights of its own; hf: a model
    path: str = ""  # of kind hf: a name on the model hub or a folder
    revision: str = ""
    dtype: str = "auto"  # of kind hf; bfloat16 is the fast one where the processor has AMX, or on a GPU
    pooling: str = "mean"  # of kind hf: mean of all tokens, the first, or the last
    chunk_tokens: int = 512  # each chunk becomes one node token
    batch_tokens: int = 8192  # of one call, padding included
    cache_gib: float = 1.0  # vectors of a frozen encoder that are kept in memory
    trust_remote_code: bool = False  # run code that comes with the weights

    def __post_init__(self) -> None:
        _among("model.encoder.kind", self.kind, ENCODERS)
        _among("model.encoder.dtype", self.dtype, DTYPES)
        _among("model.encoder.pooling", self.pooling, POOLINGS)
        for name in ("chunk_tokens", "batch_tokens"):
            require(getattr(self, name) >= 1, f"model.encoder.{name} must be >= 1", getattr(self, name))
        require(self.chunk_tokens <= 512, "model.encoder.chunk_tokens must be <= 512", self.chunk_tokens)
        require(self.cache_gib >= 0, "model.encoder.cache_gib must be >= 0", self.cache_gib)
        require(bool(self.path) == (self.kind == "hf"), "model.encoder.path must be set for kind hf alone", self.path)


@dataclass
class AdapterConfig:
    """What turns a node's vector into a token of the language model. Source of the default: CGM, section 3.2."""

    kind: str = "mlp"  # gat, sage: message passing over the typed edges before the MLP; none: text alone
    hidden: int = 4096  # width between the MLP's two layers
    layers: int = 2  # of message passing
    heads: int = 4  # of gat

    def __post_init__(self) -> None:
        _among("model.adapter.kind", self.kind, ADAPTERS)
        for name in ("hidden", "layers", "heads"):
            require(getattr(self, name) >= 1, f"model.adapter.{name} must be >= 1", getattr(self, name))


@dataclass
class GraphConfig:
    """How the graph stands in the row of tokens: who sees whom, and where each node token stands.

    Masks: `adjacency`, a node token sees its neighbours; `full`, every node token; `flat`, the graph is read like
    text, causally. But for `flat`, node tokens see the prompt too, and never the answer. Positions: `list` counts
    node tokens through, `shared` gives all of them one position, `distance` puts those nearer to an anchor nearer to
    the text.
    """

    mask: str = "adjacency"
    directed: bool = False  # whether a node sees only where its edges lead
    self_loops: bool = True  # whether a node token sees itself
    hops: int = 1  # within which neighbours are seen
    positions: str = "list"
    tokens: int = 512  # node tokens of one graph; what does not fit is left out and counted
    node_tokens: int = 16  # chunks of one node

    def __post_init__(self) -> None:
        _among("model.graph.mask", self.mask, MASKS)
        _among("model.graph.positions", self.positions, POSITIONS)
        for name in ("hops", "tokens", "node_tokens"):
            require(getattr(self, name) >= 1, f"model.graph.{name} must be >= 1", getattr(self, name))


@dataclass
class LoraConfig:
    """Low-rank updates W + (alpha / rank) B A of a part's linear layers; rank 0: the part's weights themselves."""

    rank: int = 0
    alpha: float = 32.0
    dropout: float = 0.05
    targets: list[str] = field(default_factory=list)  # names of layers; empty: every linear one but the output layer

    def __post_init__(self) -> None:
        require(self.rank >= 0, "model.*_lora.rank must be >= 0", self.rank)
        require(self.alpha > 0, "model.*_lora.alpha must be > 0", self.alpha)
        require(0 <= self.dropout < 1, "model.*_lora.dropout must lie in [0, 1)", self.dropout)


@dataclass
class TrainedParts:
    """Which parts training changes: of one with LoRA its low-rank updates, of another all its weights."""

    encoder: bool = False
    adapter: bool = True
    lm: bool = True


@dataclass
class CodeGraphConfig:
    """A Code Graph Model."""

    lm: LMConfig = field(default_factory=LMConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    graph: GraphConfig = field(default_factory=GraphConfig)
    lm_lora: LoraConfig = field(default_factory=LoraConfig)
    encoder_lora: LoraConfig = field(default_factory=LoraConfig)
    trained: TrainedParts = field(default_factory=TrainedParts)

    def __post_init__(self) -> None:
        own = self.encoder.kind == "hf"
        require(own or not self.encoder_lora.rank, "model.encoder_lora.rank must be 0 without an encoder", "a rank")
        whole = bool(self.lm.quantization) and self.trained.lm and not self.lm_lora.rank
        require(not whole, "model.lm_lora.rank must be >= 1 to train a quantized language model", self.lm_lora.rank)


def _among(key: str, value: str, allowed: tuple[str, ...]) -> None:
    require(value in allowed, f"{key} must be one of {', '.join(allowed)}", value)
