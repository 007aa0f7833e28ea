#!/usr/bin/env bash
# Makes small projects, pictures and interrupted exports of all seven methods, by the command line alone, so that two
# versions of Tessera can be compared: see NOTES.md. Run it from the root of a checkout:
#
#     make.sh OUT          makes everything afresh in OUT, which must not exist yet
#     make.sh OUT FROM     takes projects, first snapshots and interrupted exports from FROM, an earlier OUT, maybe of
#                          an earlier version: opens them, trains on, paints, and ends the exports
#
# PYTHON names the interpreter; "python" unless given.
set -euo pipefail

OUT=$(realpath -m "$1")
FROM=${2:+$(realpath "$2")}
[ ! -e "$OUT" ] || { echo "make.sh: $OUT is there already." >&2; exit 2; }
mkdir -p "$OUT"

# Sums of floats depend on how many threads share them, so that one thread makes the same everywhere. The command line
# sets the number of threads to the number of cores, whatever OMP_NUM_THREADS says: it is therefore told of one core.
export OMP_NUM_THREADS=1 PYTHONHASHSEED=0 PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"

tessera() {  # is `python -m engine` on a machine with one core; with CUT=N it ends as in a crash once N tiles are told
    "${PYTHON:-python}" -c '
import os, runpy, sys
class Cut:
    """A standard output that ends the process at once, without any cleaning up, when a certain report is printed."""
    def write(self, text):
        if "\"done\": " + os.environ["CUT"] + "," in text:
            os._exit(0)
    def flush(self):
        pass
if os.environ.get("CUT"):
    sys.stdout = Cut()
os.cpu_count = lambda: 1
runpy.run_module("engine", run_name="__main__", alter_sys=True)' "$@"
}

taken() {  # taken PATH...: copies from FROM, where there is one
    [ -n "$FROM" ] || return 1
    for path in "$@"; do cp -r "$FROM/$path" "$OUT/$path" || exit; done
}

train() {  # train NAME OPTIONS...: a project with two snapshots, of step 3 and of the one step after it
    local name=$1
    if taken "$name"; then rm -r "$OUT/$name/snapshots/0002"; else
        tessera train --out "$OUT/$name" --device cpu --steps 3 "${@:2}"
    fi
    tessera train --out "$OUT/$name" --device cpu --steps 4 --resume
}

render() {  # render NAME FILE OPTIONS...: tiles of 64 px, so that each picture has some
    tessera render "$OUT/$1" --out "$OUT/$2" --device cpu --tile 64 "${@:3}"
}

moved() {  # Absolute paths become ones that are nowhere, so that only the relative ones beside them can be followed.
    "${PYTHON:-python}" - "$OUT" <<'END'
import sys
from pathlib import Path
for path in Path(sys.argv[1]).rglob("*.json"):
    # what an interrupted export goes on with may be told relative to its own folder, two below OUT
    place = "../.." if path.name == "picture.json" else "/nonexistent"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(sys.argv[1] + "/", place + "/"), encoding="utf-8")
END
}

# ---------------------------------------------------------------- images, of a fixed seed

taken images frames || "${PYTHON:-python}" - "$OUT" <<'END'
import sys
from pathlib import Path
import numpy as np
from PIL import Image
out, random = Path(sys.argv[1]), np.random.default_rng(11)

def save(name, pixels):
    (out / name).parent.mkdir(exist_ok=True)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out / name, optimize=True)

def blocks(height, width, side, low, high):
    coarse = random.integers(low, high, (-(-height // side), -(-width // side), 3))
    return coarse.repeat(side, 0).repeat(side, 1)[:height, :width]

def slanted(height, width, colours, slope):
    rows, columns = np.mgrid[:height, :width]
    return np.array(colours)[((columns + slope * rows) / (width + slope * height) * len(colours)).astype(int)]

rows, columns = np.mgrid[:90, :120]
save("images/bricks.png", blocks(96, 120, 12, 40, 200) + blocks(96, 120, 3, -20, 20))
save("images/marks.png", blocks(100, 110, 5, 0, 255))
waves = [np.sin(columns / a) * np.cos(rows / b) for a, b in ((17, 13), (23, 9), (9, 21))]
save("images/face.png", 128 + 110 * np.stack(waves, 2))
save("images/hills.png", slanted(80, 104, [(20, 40, 60), (90, 120, 60), (200, 190, 150)], 2.0) + blocks(80, 104, 8, -9, 9))
save("images/parts.png", slanted(48, 60, [(250, 10, 0), (0, 240, 20), (20, 0, 250)], 0.0))
save("images/sketch.png", slanted(72, 96, [(0, 240, 20), (250, 10, 0), (20, 0, 250)], 0.7))
for number in (1, 2):
    save(f"frames/frame-{number}.png", slanted(72, 96, [(30, 30, 40), (120, 90, 60), (220, 220, 200)], number / 2))
END

# ---------------------------------------------------------------- projects: all knobs, most of them not at their defaults

bricks=$OUT/images/bricks.png
styles=(--style "$bricks" "$OUT/images/marks.png")
masks=(--style "$bricks" --style-mask "$OUT/images/parts.png" --mask "$OUT/images/sketch.png")
contents=(--content "$OUT/images/face.png")

# The first one is told in a file, as the window writes it, since only the window gives images weights and scales.
# It has no periodic noise, whose first weights version 0.1 draws without regard to the seed.
if [ -z "$FROM" ]; then
    mkdir "$OUT/famos"
    cat > "$OUT/famos/project.json" <<'END'
{"format": 1, "job": {"method": "famos", "canvas": [64, 80], "seed": 21, "settings": {
"content_weight": 45.0, "alpha_weight": 3.0, "mode": "blend", "tone_matching": true, "correspondence": "learned",
"learned_after": "blur", "blur_px": 1.5, "collage_content_weight": 0.7, "adversarial_weight": 0.8,
"alpha_variation_weight": 0.05, "variation_weight": 0.2, "entropy_weight": 0.8, "temperature": 0.4,
"balance_weight": 4.0, "diversity_weight": 0.5, "largest_share_weight": 0.3, "entropy_ramp_steps": 5,
"temperature_start": 0.9, "temperature_ramp_steps": 6, "style_scale": 0.8, "content_scale": 0.9, "tiling": "wrap",
"crops": "apart", "templates": 6, "mix_scales": true, "global_noise": 3, "local_noise": 2, "periodic_noise": 0,
"noise_at": "input", "generator_width": 4, "discriminator_width": 4, "depth": 2, "discriminator_depth": 3,
"kernel": "3", "norm": "layer", "discriminator_norm": "layer", "bottleneck": 6, "skips": true, "residual_blocks": 1,
"refine": false, "precision": "float32", "adversarial": "wgan_gp", "patch": 32, "batch": 2, "learning_rate": 0.002,
"discriminator_rate": 0.0006, "discriminator_steps": 2, "penalty_weight": 5.0, "r1_weight": 0.02, "r1_every_steps": 2,
"average_decay": 0.9}, "sources": {
"style": [{"path": "/nonexistent/bricks.png", "weight": 0.4, "scale": 0.9, "relative": "../images/bricks.png"},
          {"path": "/nonexistent/marks.png", "weight": 2.5, "scale": 1.2, "relative": "../images/marks.png"}],
"content": [{"path": "/nonexistent/face.png", "weight": 1.0, "scale": 1.1, "relative": "../images/face.png"}]}}}
END
fi
train famos --resume

train magic --method magic "${styles[@]}" "${contents[@]}" --canvas 80x64 --seed 22 --set \
    content_weight=22 guidance=guided repaint_bound=0.6 tone_matching=false correspondence=blur blur_px=1.5 \
    collage_content_weight=0.8 adversarial_weight=0.9 alpha_weight=1.5 variation_weight=0.3 entropy_weight=1.2 \
    largest_share_weight=0.4 temperature=0.35 entropy_ramp_steps=5 warp=flow warp_px=5 warp_variation_weight=0.1 \
    set_size=6 set_size_least=4 set_seed=3 show_size=5 between_seed=4 between=0.3 style_scale=0.9 content_scale=0.8 \
    tiling=wrap placement=aligned generator_width=4 discriminator_width=4 depth=2 discriminator_depth=2 full_size=true \
    kernel=3 norm=instance discriminator_norm=layer attention=inducing points=3 attention_from=2 heads=2 refine=true \
    checkpointing=true precision=float32 adversarial=hinge patch=32 batch=2 learning_rate=0.002 \
    discriminator_rate=0.0006 discriminator_steps=2 penalty_weight=5 r1_weight=0.05 r1_every_steps=2 average_decay=0.9

train neural_style --method neural_style "${styles[@]}" "${contents[@]}" --seed 23 --set \
    style_weight=1.5 content_weight=0.03 content_by=tones blur_px=2.5 variation_weight=0.1 colours=luminance \
    content_scale=0.4 style_scale=0.8 start_noise=0.4 scales=2 steps_per_scale=2 optimiser=adam learning_rate=0.04 \
    calm_steps=3 network=filters filters=6 detail=0.3 levels=2 pooling=max border=valid tile=64 statistic=sliced \
    style_layers=all links=each content_layers=all layer_weights=geometric shift=0.0 blurred=false adjacent=false

train doodle --method doodle "${masks[@]}" "${contents[@]}" --seed 24 --set \
    style_weight=20 content_weight=0.02 content_by=features blur_px=1.0 variation_weight=0.2 colours=matched \
    content_scale=0.5 style_scale=0.9 start_noise=0.7 scales=2 steps_per_scale=2 optimiser=lbfgs learning_rate=0.1 \
    calm_steps=5 network=filters filters=5 detail=0.7 levels=2 pooling=average border=replicate tile=64 statistic=gram \
    style_layers=all links=chain content_layers=all layer_weights=geometric shift=-1 blurred=true adjacent=false regions=3

train texture --method texture "${styles[@]}" --canvas 80x64 --seed 25 --set \
    style_scale=0.9 network=filters statistic=gram levels=2 filters=5 detail=0.4 normalised_gradients=true \
    adversarial_weight=0.3 sample_seed=6 diversity_weight=0.5 temperature=0.01 norm=batch discriminator_width=2 \
    patch=32 batch=3 learning_rate=0.003 discriminator_rate=0.0008 average_decay=0.9 seamless=true generator=deep \
    width=2 scales=3 latent=5 noise=3 finest_noise_px=4 padding=replicate

train stylize --method stylize "${styles[@]}" "${contents[@]}" "$OUT/images/hills.png" --seed 26 --set \
    style_scale=0.8 network=filters statistic=sliced levels=2 filters=5 detail=0.5 normalised_gradients=false \
    adversarial_weight=0.2 sample_seed=4 diversity_weight=0.2 temperature=0.1 norm=instance discriminator_width=2 \
    patch=32 batch=2 learning_rate=0.002 discriminator_rate=0.0007 average_decay=0.9 content_weight=0.4 \
    content_by=tones blur_px=1.5 variation_weight=0.05 content_scale=0.6 noise=3 width=2 blocks=1 padding=circular \
    enlarged=2

train doodle_net --method doodle_net "${masks[@]}" --seed 27 --set \
    style_scale=0.9 network=filters statistic=sliced levels=2 filters=5 detail=0.5 normalised_gradients=true \
    adversarial_weight=0.2 sample_seed=5 diversity_weight=0.1 temperature=0.02 norm=layer discriminator_width=2 \
    patch=32 batch=2 learning_rate=0.003 discriminator_rate=0.0008 average_decay=0.9 regions=3 canvas_scale=0.8 \
    generator=layered width=2 scales=3 noise=3 finest_noise_px=1 padding=replicate whole_share=0.4

# ---------------------------------------------------------------- pictures

for name in famos magic neural_style doodle texture stylize doodle_net; do
    render $name pictures/$name.png --width 96 --bits 16
done
for layer in collage painted mask templates content; do render famos pictures/famos-$layer.png --layer $layer; done
for layer in collage sets mask content; do render magic pictures/magic-$layer.png --layer $layer; done
for layer in change content; do render neural_style pictures/neural_style-$layer.png --layer $layer; done
render doodle pictures/doodle-regions.png --layer regions
render stylize pictures/stylize-content.png --layer content
render doodle_net pictures/doodle_net-mask.png --layer mask
render famos pictures/famos-originals.png --times 2 --from-originals
render famos pictures/famos-repeat.png --repeat --bits 16
render famos pictures/famos-film.png --frames "$OUT/frames"
render magic pictures/magic-times.png --times 1.5
render magic pictures/magic-between.png --set set_seed=9 --sweep between=0:1:2
paper=(--size 6x5mm --dpi 254 --bleed 0.5mm --marks)
render famos pictures/print.tif "${paper[@]}" --bits 16 --profile adobe-rgb --compression lzw
for suffix in jpg webp psd dzi; do render famos pictures/file.$suffix --quality 85; done

# ---------------------------------------------------------------- interrupted exports, and how they end

larger=(--width 100)
film=(--frames "$OUT/frames" --width 80)
other=(--set sample_seed=9 --canvas)  # a changed setting, so that the weights are kept with the canvas
from=snapshots/0001  # which stays as it is where it was taken from another version
if ! taken crashed; then
    CUT=2 render famos/$from crashed/famos.png "${larger[@]}" --bits 16 --json
    printf '2 0f' >> "$OUT/crashed/famos.png.unfinished/tiles-1-of-1.txt"  # a line that was cut off, too
    CUT=2 render doodle_net/$from crashed/doodle_net.png "${larger[@]}" "${other[@]}" "$OUT/crashed/doodle_net" --json
    CUT=4 render famos/$from crashed/film.png "${film[@]}" --json  # in the second frame; each has three reports
    render famos/$from crashed/parts.png "${larger[@]}" --part 1/2
fi
moved
cp -r "$OUT/crashed" "$OUT/resumed"
sed -i "s|/nonexistent/|$OUT/|" "$OUT/resumed/film.png.unfinished/frames.json"  # which must be of the same film
render famos/$from resumed/famos.png "${larger[@]}" --bits 16 --resume
render doodle_net/$from resumed/doodle_net.png "${larger[@]}" "${other[@]}" "$OUT/resumed/doodle_net" --resume
rm -r "$OUT/resumed/doodle_net"  # is kept since it was named
render famos/$from resumed/film.png "${film[@]}" --resume
render famos/$from resumed/parts.png "${larger[@]}" --part 2/2
render famos/$from resumed/parts.png "${larger[@]}" --assemble
moved
