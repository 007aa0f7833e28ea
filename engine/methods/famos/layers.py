"""What the artist sees of FAMOS: the layers of a picture, the terms of the loss, the patches of a step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from engine.declarations import Layer, Term
from engine.methods.famos.batches import Batch
from engine.nn.mosaic import Painting
from engine.planes import largest
from engine.renderer import Layers

LAYERS = (
    Layer("result", "Result", "The mosaic."),
    Layer("collage", "Collage", "The pieces alone, before anything is painted over them (I_M)."),
    Layer("painted", "Painted", "What the network would paint (I_G)."),
    Layer("mask", "Mask", "Where it is painted (white) and where copied (black): alpha."),
    Layer("templates", "Templates", "Which template lies where: each has a colour (A)."),
    Layer("content", "Content", "The content as the network sees it, tones matched."),
)

TERMS = (
    Term("generator", "Generator", "Style", "How far the picture is from fooling the discriminator."),
    Term("generator_collage", "Generator, collage", "Style", "The same for the pieces alone, where asked for."),
    Term("discriminator", "Discriminator", "Style", "How well it tells pieces of the style from the mosaic."),
    Term("content", "Content", "Content", "Distance of the picture to the content."),
    Term("content_collage", "Content of the collage", "Content", "The same for the pieces alone."),
    Term("entropy", "Entropy", "Pieces", "0: each place shows one piece. 1: a grey mixture of all."),
    Term("balance", "Imbalance", "Pieces", "0: all templates are used alike. 1: only one is."),
    Term("variation", "Variation (TV)", "Borders", "How many borders between pieces there are."),
    Term("templates_in_use", "Templates in use", "Templates", "How many templates really take part."),
    Term("diversity", "Diversity", "Diversity", "Lower: patches use different templates."),
    Term("alpha", "Painted share", "Painting", "0: all copied. 1: all painted."),
    Term("paint", "Price of paint", "Painting", "The painted share, dearer beside lines where those count."),
    Term("alpha_variation", "Variation of the mask", "Painting"),
    Term("undecided", "Undecided paint", "Painting", "0: each place is wholly painted or not at all. 1: half."),
    Term("foreign", "Foreign colours", "Painting", "0: no colours but those of your style images."),
    Term("largest_share", "Largest share", "Pieces", "Share of the most used template in a patch."),
    Term("penalty", "Gradient penalty", "Penalty"),
)


def layers_of(painting: Painting, content: Callable[[], Tensor], palette: Tensor) -> Layers:
    """What is shown of a painting.

    Args:
        content: gives that of its box, 0..1.
        palette: a colour for each template, [N, 3].
    """

    def shown(picture: Tensor) -> Tensor:
        return (picture[0] * 0.5 + 0.5).clamp(0, 1)

    def mask() -> Tensor:
        return painting.alpha[0].mean(0).expand(3, -1, -1)  # of alpha and beta, where there are both

    def templates() -> Tensor:
        if painting.mixture is None:
            return mask()
        return torch.einsum("nhw,nc->chw", painting.mixture.weights[0], palette)

    def pieces() -> Tensor:
        if painting.mixture is None:
            return torch.full_like(painting.result[0, :1], -1.0)
        return largest(painting.mixture.weights[0])[None].float()

    return Layers(
        {
            "result": lambda: shown(painting.result),
            "collage": lambda: shown(painting.collage),
            "painted": lambda: shown(painting.painted),
            "mask": mask,
            "templates": templates,
            "content": lambda: content().clamp(0, 1),
        },
        pieces=pieces,
    )


def patches_of(batch: Batch, output: Painting) -> dict[str, Tensor]:
    """What is shown of a training step, by title."""
    images = {
        "Style": batch.style,
        "Content": batch.content,
        "Collage": output.collage,
        "Painted": output.painted,
        "Result": output.result,
        "Mask": output.alpha.mean(1, keepdim=True).expand(-1, 3, -1, -1) * 2 - 1,
    }
    return {title: (image * 0.5 + 0.5).clamp(0, 1) for title, image in images.items()}
