"""Vision: images made larger or smaller, rearranged between channels and pixels, and sampled along a grid."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value
from core.layers._writing import function, one_dtype, written

_FAMILY = "Vision"
_MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact")
_DIMENSIONS = {"linear": 1, "bilinear": 2, "bicubic": 2, "lanczos": 2, "trilinear": 3}
"""How many dimensions (besides batch and channels) a mode is for; the others take any number."""
_SMOOTH = ("linear", "bilinear", "bicubic", "trilinear", "lanczos")
_NAMES = {1: "linear", 2: "bilinear", 3: "trilinear"}
_ANY_IMAGE = (4, 5, 6, 7, 8)
_RESIZED = Port("input", "Batch × channels × length, height × width or depth × height × width.", ranks=(3, 4, 5))
_SIZE = "The size that comes out, one number or one each way; or give scale_factor."
_SCALE = "How many times larger it becomes, one number or one each way; or give size."
_SIZE_PARAMETER = Parameter("size", "ints", None, _SIZE, minimum=1, optional=True)
_SCALE_PARAMETER = Parameter(
    "scale_factor", "floats", (2.0,), _SCALE, minimum=0, exclusive=True, optional=True, unit="×"
)
_MODE = Parameter(
    "mode",
    "choice",
    "nearest",
    "How values in between are found: linear is for signals, bilinear and bicubic for images, trilinear for volumes.",
    choices=_MODES,
)
_ALIGN = Parameter(
    "align_corners",
    "bool",
    False,
    "Whether the corners of input and output are laid upon each other; only for the linear and cubic modes.",
)
_RECOMPUTE = Parameter(
    "recompute_scale_factor",
    "bool",
    False,
    "Whether the rounded size, rather than scale_factor itself, decides where values are read.",
)
_RESIZE_KEYWORDS = ("resize", "enlarge", "zoom", "scale", "upscale", "upsampling", "decoder", "interpolation")
_RESIZE_FORMULA = "out = ⌊in·scale_factor⌋, or size"
_DEFAULTS: Mapping[str, Value] = {
    "size": None,
    "scale_factor": None,
    "mode": "nearest",
    "align_corners": False,
    "recompute_scale_factor": False,
    "antialias": False,
}


def _construct_upsample(values: Mapping[str, Value]) -> str:
    """Write ``nn.Upsample(scale_factor=2.0, mode="bilinear")``; one number of a size stands for every dimension."""
    given = ((name, values[name]) for name, default in _DEFAULTS.items() if values.get(name, default) != default)
    return f"nn.Upsample({', '.join(f'{name}={written(value)}' for name, value in given)})"


def _one_of_both(_shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for exactly one of the two ways to say how large the output is."""
    size, scale = values.get("size"), values.get("scale_factor")
    if (size is None) == (scale is None):
        given = "Both are" if size is not None else "Neither is"
        return f"Either size or scale_factor is needed. {given} given: fill in one, leave the other empty."
    return ""


def _a_number_each_way(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for as many sizes as there are dimensions to resize."""
    dimensions = len(shapes["input"]) - 2
    for name in ("size", "scale_factor"):
        value = values.get(name)
        if isinstance(value, tuple) and len(value) not in (1, dimensions):
            return (
                f"{name} has {len(value)} numbers, but what arrives has {dimensions} to resize (besides batch and "
                f"channels). Give one number, or {dimensions}."
            )
    return ""


def _mode_fits(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for a mode that fits what arrives, and for options that fit the mode."""
    mode, dimensions = values["mode"], len(shapes["input"]) - 2
    wanted = _DIMENSIONS.get(mode, dimensions)
    if wanted != dimensions:
        return (
            f"mode '{mode}' needs {wanted + 2} dimensions (batch and channels included), but {dimensions + 2} arrive. "
            f"Choose '{_NAMES[dimensions]}' or 'nearest'."
        )
    if values["align_corners"] and mode not in _SMOOTH:
        return f"align_corners is only for {', '.join(_SMOOTH[:4])}, not for '{mode}': switch it off."
    if values["recompute_scale_factor"] and values["size"] is not None:
        return "recompute_scale_factor needs scale_factor, not size: switch it off."
    return ""


def _antialias_fits(_shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for a mode that can smooth before it shrinks."""
    mode = values["mode"]
    if values["antialias"] and mode not in ("bilinear", "bicubic", "lanczos"):
        return f"antialias is only for bilinear, bicubic and lanczos, not for '{mode}'."
    if mode == "lanczos" and not values["antialias"]:
        return "mode 'lanczos' needs antialias: switch it on."
    if mode == "lanczos" and values["align_corners"]:
        return "mode 'lanczos' cannot align the corners: switch align_corners off."
    return ""


_UPSAMPLE = LayerKind(
    "Upsample",
    _FAMILY,
    "Makes a signal, image or volume larger (or smaller) without learning anything.",
    "torch.nn.Upsample",
    inputs=(_RESIZED,),
    parameters=(_SIZE_PARAMETER, _SCALE_PARAMETER, _MODE, _ALIGN, _RECOMPUTE),
    face=("size", "scale_factor", "mode"),
    keywords=("nearest", "bilinear", *_RESIZE_KEYWORDS),
    samples=(((2, 3, 6, 5),), ((2, 4, 7),), ((2, 2, 3, 4, 5),)),
    construct=_construct_upsample,
    sample_parameters={"size": (9,), "scale_factor": None},
    rules=(_one_of_both, _a_number_each_way, _mode_fits),
    formula=_RESIZE_FORMULA,
)

_INTERPOLATE = LayerKind(
    "Interpolate",
    _FAMILY,
    "Resizes as Upsample does, and smooths before it shrinks an image where antialias is on.",
    inputs=(_RESIZED,),
    parameters=(
        _SIZE_PARAMETER,
        _SCALE_PARAMETER,
        Parameter("mode", "choice", "nearest", _MODE.help, choices=(*_MODES, "lanczos")),
        _ALIGN,
        _RECOMPUTE,
        Parameter("antialias", "bool", False, "Whether details are smoothed first where an image becomes smaller."),
    ),
    face=("size", "scale_factor", "mode"),
    keywords=("downsample", "shrink", "imresize", "lanczos", "antialias", *_RESIZE_KEYWORDS),
    call=function("F.interpolate", **_DEFAULTS),
    samples=(((2, 3, 6, 5),), ((2, 4, 7),), ((2, 2, 3, 4, 5),)),
    sample_parameters={"size": (9,), "scale_factor": None},
    rules=(_one_of_both, _a_number_each_way, _mode_fits, _antialias_fits),
    formula=_RESIZE_FORMULA,
    docs="torch.nn.functional.interpolate",
)


def _fixed_upsampling(name: str, mode: str, ranks: tuple[int, ...]) -> LayerKind:
    """Declare an upsampling of images in one mode."""
    return LayerKind(
        name,
        _FAMILY,
        f"Makes an image larger with {mode} values in between. Upsample with mode {mode} is the newer way.",
        f"torch.nn.{name}",
        stem="upsample",
        inputs=(Port("input", "Batch × channels × height × width.", ranks=ranks),),
        parameters=(
            _SIZE_PARAMETER,
            Parameter(
                "scale_factor", "floats", 2.0, _SCALE, minimum=0, exclusive=True, length=2, optional=True, unit="×"
            ),
        ),
        face=("size", "scale_factor"),
        keywords=(mode, *_RESIZE_KEYWORDS),
        samples=(((2, 3, 6, 5),),),
        sample_parameters={"size": (9, 7), "scale_factor": None},
        rules=(_one_of_both, _a_number_each_way),
        formula=_RESIZE_FORMULA,
    )


_ANY_INPUT = Port("input", "Batch × channels × height × width.", dtype="any", ranks=_ANY_IMAGE, unbatched=(3,))
_ANY_OUTPUT = (Port("output", dtype="any"),)


def _channels_divide(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for channels that can be laid out as squares of pixels."""
    channels, factor = shapes["input"][-3], values["upscale_factor"]
    if channels % factor**2:
        return (
            f"With upscale_factor {factor}, {factor**2} channels become the pixels of one: what arrives must have a "
            f"multiple of {factor**2} channels, not {channels}."
        )
    return ""


def _groups_divide(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for groups of equal size."""
    channels, groups = shapes["input"][1], values["groups"]
    return f"groups must divide the {channels} channels that arrive: {groups} does not." if channels % groups else ""


def _sizes_divide(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for an image that can be cut into squares of pixels."""
    height, width = shapes["input"][-2:]
    factor = values["downscale_factor"]
    if height % factor or width % factor:
        return f"Height and width must be multiples of downscale_factor {factor}; those that arrive are not."
    return ""


_PIXEL_SHUFFLE = LayerKind(
    "PixelShuffle",
    _FAMILY,
    "Makes an image larger by laying groups of channels out as pixels: super-resolution without blur.",
    "torch.nn.PixelShuffle",
    stem="shuffle",
    inputs=(_ANY_INPUT,),
    outputs=_ANY_OUTPUT,
    parameters=(Parameter("upscale_factor", "int", 2, "How many times larger each way.", minimum=1, unit="×"),),
    face=("upscale_factor",),
    keywords=("sub-pixel convolution", "depth to space", "super resolution", "espcn", "upscale", "enlarge"),
    samples=(((2, 8, 3, 4),),),
    rules=(_channels_divide,),
    formula="C·r² × H × W → C × r·H × r·W",
)

_PIXEL_UNSHUFFLE = LayerKind(
    "PixelUnshuffle",
    _FAMILY,
    "Makes an image smaller by stacking neighbouring pixels as channels; nothing is lost.",
    "torch.nn.PixelUnshuffle",
    stem="unshuffle",
    inputs=(_ANY_INPUT,),
    outputs=_ANY_OUTPUT,
    parameters=(Parameter("downscale_factor", "int", 2, "How many times smaller each way.", minimum=1),),
    face=("downscale_factor",),
    keywords=("space to depth", "downsample", "shrink", "focus", "reorg"),
    samples=(((2, 3, 6, 8),),),
    rules=(_sizes_divide,),
    formula="C × r·H × r·W → C·r² × H × W",
)

_CHANNEL_SHUFFLE = LayerKind(
    "ChannelShuffle",
    _FAMILY,
    "Mixes the groups of a grouped convolution by interleaving their channels, as in ShuffleNet.",
    "torch.nn.ChannelShuffle",
    stem="shuffle",
    inputs=(Port("input", "Batch × channels × ….", dtype="any", ranks=(3, 4, 5, 6, 7, 8)),),
    outputs=_ANY_OUTPUT,
    parameters=(Parameter("groups", "int", 2, "How many groups the channels form; it must divide their number."),),
    face=("groups",),
    keywords=("shufflenet", "permute channels", "grouped convolution"),
    samples=(((2, 6, 3, 4),),),
    rules=(_groups_divide,),
)


def _grid_fits(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for a grid of as many coordinates as the image has dimensions, and for a mode that fits them."""
    image, grid = shapes["input"], shapes["grid"]
    wanted = len(image) - 2
    if len(grid) != len(image) or grid[-1] != wanted:
        return (
            f"The grid must have {len(image)} dimensions, the last of them {wanted} (the coordinates from -1 to 1 of "
            f"every position), because the input has {len(image)}; it has {len(grid)}, the last of them {grid[-1]}."
        )
    if values["mode"] == "bicubic" and wanted == 3:
        return "mode 'bicubic' is only for images (4 dimensions): choose 'bilinear' or 'nearest'."
    return ""


_SAMPLE_ALIGN = Parameter(
    "align_corners",
    "bool",
    False,
    "Whether -1 and 1 are the centres of the outermost pixels rather than their outer edges.",
)

_GRID_SAMPLE = LayerKind(
    "GridSample",
    _FAMILY,
    "Reads an image at the places that a grid of coordinates names: warps, rotations, spatial transformers.",
    title="Grid sample",
    stem="sample",
    inputs=(
        Port("input", "Batch × channels × height × width (or depth × height × width).", ranks=(4, 5)),
        Port("grid", "Batch × height × width × 2: x and y from -1 to 1 of every output position.", ranks=(4, 5)),
    ),
    parameters=(
        Parameter(
            "mode",
            "choice",
            "bilinear",
            "How values between pixels are found.",
            choices=("bilinear", "nearest", "bicubic"),
        ),
        Parameter(
            "padding_mode",
            "choice",
            "zeros",
            "What is read beyond the edges.",
            choices=("zeros", "border", "reflection"),
        ),
        _SAMPLE_ALIGN,
    ),
    face=("mode",),
    keywords=("warp", "spatial transformer", "optical flow", "deform", "stn", "remap", "imwarp"),
    call=function("F.grid_sample", "align_corners", mode="bilinear", padding_mode="zeros"),
    samples=(((2, 3, 6, 5), (2, 4, 4, 2)), ((2, 3, 4, 6, 5), (2, 4, 4, 3, 3))),
    rules=(_grid_fits,),
    dtype_rules=(one_dtype,),
    docs="torch.nn.functional.grid_sample",
)


def _call_affine_grid(call: Call) -> str:
    """Write ``grid = F.affine_grid(theta, (theta.shape[0], 1, 32, 32), align_corners=False)``."""
    size, aligned = call.arguments["size"], call.arguments["align_corners"]
    sizes = ", ".join((f"{call.input}.shape[0]", "1", *map(str, size)))
    return f"{call.output} = F.affine_grid({call.input}, ({sizes}), align_corners={aligned})"


def _affine_fits(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for a matrix of as many rows as the grid has dimensions."""
    dimensions = len(values["size"])
    if dimensions not in (2, 3):
        return f"size must be height, width or depth, height, width, not {dimensions} numbers."
    if shapes["theta"][1:] != (dimensions, dimensions + 1):
        rows, columns = shapes["theta"][1:]
        return (
            f"For a grid of {dimensions} dimensions each sample's matrix must be {dimensions} × {dimensions + 1}, but "
            f"{rows} × {columns} arrives."
        )
    return ""


_AFFINE_GRID = LayerKind(
    "AffineGrid",
    _FAMILY,
    "Turns one 2 × 3 matrix per sample (turn, stretch, shift) into the grid of coordinates that Grid sample reads.",
    title="Affine grid",
    stem="grid",
    inputs=(Port("theta", "Batch × 2 × 3, or batch × 3 × 4 for volumes.", ranks=(3,)),),
    outputs=(Port("output", "Batch × height × width × 2."),),
    parameters=(
        Parameter("size", "ints", (8, 8), "Height and width of the grid (or depth, height, width).", minimum=1),
        _SAMPLE_ALIGN,
    ),
    face=("size",),
    keywords=("spatial transformer", "rotation", "translation", "matrix", "stn", "warp"),
    call=_call_affine_grid,
    samples=(((2, 2, 3),),),
    rules=(_affine_fits,),
    docs="torch.nn.functional.affine_grid",
)

KINDS = (
    _UPSAMPLE,
    _INTERPOLATE,
    _fixed_upsampling("UpsamplingNearest2d", "nearest", (3, 4, 5)),
    _fixed_upsampling("UpsamplingBilinear2d", "bilinear", (4,)),
    _PIXEL_SHUFFLE,
    _PIXEL_UNSHUFFLE,
    _CHANNEL_SHUFFLE,
    _GRID_SAMPLE,
    _AFFINE_GRID,
)
