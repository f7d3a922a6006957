"""A stranger's `config.json`: read once, bounded, and let through only as far as it describes the shape of a network.

timm gives `model_args` on to whatever builds the network, and its builders take settings that fetch files, open them, choose a
device or rewrite the network. So nothing passes but the names below, which were read off the constructors of timm 1.0; and no
value but numbers, words and lists of those.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hub.errors import OverLimit, UnsupportedBackbone

CONFIG_BYTES = 1 << 20
LARGEST_SIDE = 2048  # pixels that a network may have been trained at
NUMBER = 65_536  # no width, depth or size that a model is made from is larger
LIST = 1000  # values
LEVELS = 8  # of lists and settings in each other; timm writes three

_NAMES = """
    num_classes in_chans img_size global_pool output_stride num_features head_hidden_size head_init_scale head_norm_first
    drop_rate drop_path_rate drop_block_rate pos_drop_rate patch_drop_rate proj_drop_rate attn_drop_rate dropout
    dynamic_img_size dynamic_img_pad strict_img_size always_partition

    depth depths dim dims layers channels base_width cardinality width width_factor width_mult widths depth_mult embed_dim
    embed_dims hidden_size hidden_sizes intermediate_size num_blocks stages block_config growth_rate growth_rates bn_size
    bottle_ratio num_init_features reduction groups expand_ratio mlp_ratio mlp_ratios ffn_ratio kernel_size
    kernel_sizes pool_size dim_mul head_mul channel_multiplier feature_dim final_chs initial_chs init_channels scale strides

    patch_size patch_stride patch_kernel patch_padding patch_norm stem_type stem_width stem_chs stem_size stem_stride
    stem_norm stem_kernel_size stem_hidden_dim first_stride input_3x3 avg_down down_kernel_size down_patch_size
    replace_stem_pool block_reduce_first downsample_norm use_overlap_down conv_mlp conv_bias use_grn fix_stem

    num_heads num_heads_inner num_heads_outer num_kv_heads head_dim key_dim qk_dim attn_ratio sr_ratios window_size
    window_sizes window_ratio pretrained_window_sizes focal_levels focal_windows global_pos_size mask_unit_size
    mask_unit_attn q_pool q_stride qkv_bias qkv_fused qk_norm proj_bias mlp_bias class_token reg_tokens num_reg_tokens
    no_embed_class pool_include_prefix pos_embed pos_embed_grid_size ref_feat_shape sep_pos_embed abs_win_pos_embed
    use_abs_pos use_abs_pos_emb use_pos_embed use_pos_emb use_rel_pos use_rel_pos_bias use_shared_rel_pos_bias
    shared_rel_pos rel_pos_dim rel_pos_type use_rope use_rot_pos_emb rope_grid_indexing rope_grid_offset rope_rotate_half
    rope_temperature rope_theta rope_type swiglu_mlp swiglu_align_to scale_mlp scale_mlp_norm scale_attn_inner
    scale_attn_norm distilled depth_token_only mlp_ratio_token_only

    init_values ls_init_value layer_scale layer_scale_init_value layer_scale_init_values use_layer_scale
    res_scale_init_values pre_norm fc_norm use_fc_norm final_norm use_post_norm norm_eps preact act_layer norm_layer
    embed_norm_layer norm_layer_cl attn_layer attn_act_layer mlp_layer aa_layer se_layer se_ratio se_from_exp pad_type
    conv_layer
"""
SETTINGS = frozenset(_NAMES.split())
"""What a stranger may say of a network: how it is shaped, and which of timm's activations and norms are in it."""


def read(path: Path, name: object) -> dict[str, Any]:
    """A `config.json` of timm's kind. name: of the network, for messages.

    Raises UnsupportedBackbone for another kind or for a setting that is not in SETTINGS, OverLimit for impossible numbers.
    """
    import timm

    config = _parsed(path, name)
    architecture = config.get("architecture") if isinstance(config, dict) else None
    if not isinstance(architecture, str):
        raise UnsupportedBackbone(f"{name} is no timm model: its config.json names no architecture. Look for one tagged timm.")
    if not timm.is_model(architecture.partition(".")[0]):
        raise UnsupportedBackbone(f"{name} is of the architecture {architecture[:60]!r}, which timm does not know here.")
    check_numbers({key: config.get(key) for key in ("model_args", "num_classes", "num_features", "pretrained_cfg")})
    for key, value in given(config, name).items():
        if key not in SETTINGS:
            raise UnsupportedBackbone(f"The config.json of {name} sets {key[:40]!r}, which is not taken from strangers. Settings "
                                      "of its shape are, such as img_size and depth.")
        if not _is_plain(value):
            raise UnsupportedBackbone(f"The config.json of {name} sets {key!r} to what is no number, word or list of those.")
    return config


def _parsed(path: Path, name: object) -> Any:
    """What is written there. Raises UnsupportedBackbone where it is too long, too deep, or no JSON."""
    with path.open("rb") as file:
        written = file.read(CONFIG_BYTES + 1)
    deep = f"The config.json of {name} nests more than {LEVELS} levels of lists and settings. Choose another, or write it flat."
    try:
        config = json.loads(written) if len(written) <= CONFIG_BYTES else None
    except RecursionError:
        raise UnsupportedBackbone(deep) from None
    except ValueError:
        config = None
    if config is None:
        raise UnsupportedBackbone(f"The config.json of {name} is no JSON of at most 1 MiB. Choose another, or write it anew.")
    if _is_deep(config):
        raise UnsupportedBackbone(deep)
    return config


def _is_deep(value: Any) -> bool:
    """Whether there are more than LEVELS levels in a value. Level after level: nothing calls itself, however deep it is."""
    level = [value]
    for _ in range(LEVELS + 1):
        groups = [each for each in level if isinstance(each, dict | list)]
        level = [each for group in groups for each in (group.values() if isinstance(group, dict) else group)]
    return bool(groups)


def given(config: dict[str, Any], name: object) -> dict[str, Any]:
    """What a config says to the one who builds the network. Raises UnsupportedBackbone where those are no settings by name."""
    settings = config.get("model_args") or {}
    if not isinstance(settings, dict):
        raise UnsupportedBackbone(f"The config.json of {name} has model_args that are no settings by name.")
    return {key: config[key] for key in ("num_classes", "global_pool") if config.get(key) is not None} | settings


def keys(config: dict[str, Any], name: object) -> dict[str, Any]:
    """timm's keys for pictures: what it says of the architecture, and what the config says besides; and `showpieces`.

    Raises UnsupportedBackbone where that is no input size and normalisation.
    """
    from timm.models import get_pretrained_cfg

    try:
        known, own = get_pretrained_cfg(config["architecture"]), config.get("pretrained_cfg")
    except RuntimeError as error:
        raise UnsupportedBackbone(f"{name} is of an architecture that timm does not know here: {error}") from error
    found = {**(known.to_dict() if known else {}), **(own if isinstance(own, dict) else {})}
    numbers = {key: found.get(key) for key in ("input_size", "mean", "std")}
    if not all(isinstance(n, list | tuple) and len(n) == 3 and {type(x) for x in n} <= {int, float} for n in numbers.values()):
        raise UnsupportedBackbone(f"The config.json of {name} gives no input_size, mean and std of three numbers each.")
    side = found["input_size"][-1]
    if type(side) is not int or not 8 <= side <= LARGEST_SIDE or 0 in found["std"]:
        raise UnsupportedBackbone(f"{name} wants pictures of {side} pixels; 8 to {LARGEST_SIDE} are possible.")
    showpieces = config.get("showpieces")
    pieces = [str(piece) for piece in showpieces] if isinstance(showpieces, list) else None
    return {**found, "classifier": first(found.get("classifier")), "showpieces": pieces}


def first(classifier: Any) -> str | None:
    """The name of a classifier; of the first, where a distilled network has two."""
    one = classifier[0] if isinstance(classifier, list | tuple) and classifier else classifier
    return one if isinstance(one, str) else None


def check_numbers(value: Any) -> None:
    """Raise OverLimit where a stranger's settings hold a number or a list that no network is made from."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        if len(value) > LIST:
            raise OverLimit(f"Its config.json holds a list of more than {LIST} values; no network is made from that.")
        for each in value:
            check_numbers(each)
    elif isinstance(value, int | float) and not abs(value) <= NUMBER:  # NaN neither
        raise OverLimit(f"Its config.json holds a number beyond {NUMBER:,}; no network is made from that.")


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(each) for each in value)
    if isinstance(value, str):
        return re.fullmatch(r"[\w.-]{0,40}", value) is not None
    return value is None or isinstance(value, int | float)
