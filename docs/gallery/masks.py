"""The masks of the doodle: plain colours for the parts of Monet's view, where they lie there and where they shall lie.

Both return uint8 [H, W, 3], RGB.
"""

import cv2
import numpy as np

# points in rows are read as outlines
# fmt: off
Color = tuple[int, int, int]

HIGH, LOW = (70, 130, 240), (140, 240, 200)  # two parts of the sky
SEA, BEACH, BOULDER = (0, 0, 110), (150, 90, 30), (240, 240, 240)
WALL, SUNLIT = (90, 90, 90), (255, 200, 0)


def _polygon(picture: np.ndarray, points: list[tuple[int, int]], color: Color) -> None:
    cv2.fillPoly(picture, [np.array(points, np.float64).round().astype(np.int32)], color)


def etretat_mask() -> np.ndarray:
    """Which part lies where in Monet's The Cliffs at Etretat (512 x 384)."""
    mask = np.empty((384, 512, 3), np.uint8)
    mask[:] = HIGH
    mask[150:] = LOW
    mask[262:] = SEA
    _polygon(mask, [(190, 384), (205, 348), (262, 318), (330, 310), (400, 296), (512, 296), (512, 384)], BEACH)
    _polygon(mask, [(76, 286), (84, 255), (98, 215), (107, 168), (122, 150), (185, 172), (183, 250), (192, 286)], WALL)
    _polygon(mask, [(133, 95), (145, 88), (158, 95), (172, 130), (185, 165), (183, 178), (150, 168), (125, 156),
                    (128, 120)], SUNLIT)
    _polygon(mask, [(338, 108), (322, 126), (310, 145), (308, 165), (290, 184), (276, 198), (262, 222), (270, 278),
                    (312, 280), (306, 240), (318, 200), (338, 170), (340, 277), (392, 278), (512, 278), (512, 0),
                    (465, 0), (470, 60), (420, 60), (345, 75)], WALL)
    _polygon(mask, [(350, 30), (370, 35), (377, 45), (420, 30), (470, 35), (472, 62), (455, 78), (450, 118),
                    (432, 122), (425, 92), (400, 90), (396, 112), (382, 108), (380, 72), (345, 80)], SUNLIT)
    _polygon(mask, [(345, 75), (346, 40), (356, 24), (375, 34), (385, 40), (420, 24), (472, 30), (472, 36),
                    (422, 38), (382, 52), (362, 34), (352, 46), (352, 75)], SUNLIT)
    _polygon(mask, [(385, 262), (392, 240), (410, 210), (440, 185), (480, 168), (512, 166), (512, 312), (440, 318),
                    (405, 305), (390, 285)], BOULDER)
    return mask


def mont_mask() -> np.ndarray:
    """The same parts laid to an abbey on a rock in the sea, like Mont-Saint-Michel (640 x 448)."""
    mask = np.empty((448, 640, 3), np.uint8)
    mask[:] = HIGH
    _polygon(mask, [(0, 190), (160, 170), (330, 182), (500, 165), (640, 180), (640, 330), (0, 330)], LOW)
    mask[318:] = SEA
    _polygon(mask, [(0, 448), (0, 426), (90, 405), (230, 400), (380, 412), (520, 398), (640, 372), (640, 448)], BEACH)
    _polygon(mask, [(150, 330), (162, 300), (195, 282), (220, 255), (262, 236), (420, 232), (455, 252), (480, 280),
                    (520, 298), (536, 330), (470, 342), (330, 346), (210, 342)], BOULDER)
    for left, top, right, bottom in (
        (190, 285, 300, 318), (390, 282, 500, 316), (176, 270, 206, 322), (484, 272, 512, 322), (300, 292, 392, 320),
        (246, 205, 300, 262), (284, 170, 400, 262), (392, 200, 440, 262), (322, 112, 362, 180), (270, 185, 292, 240),
    ):
        _polygon(mask, [(left, top), (right, top), (right, bottom), (left, bottom)], WALL)
    for points in (
        [(342, 28), (352, 76), (366, 114), (318, 114), (332, 76)],
        [(276, 174), (292, 150), (322, 146), (322, 174)], [(362, 146), (396, 152), (410, 174), (362, 174)],
        [(240, 208), (252, 186), (266, 188), (272, 208)], [(264, 188), (281, 152), (297, 188)],
        [(390, 204), (398, 184), (434, 186), (448, 204)],
        [(170, 273), (191, 238), (212, 273)], [(478, 275), (498, 240), (518, 275)],
        [(206, 288), (216, 274), (290, 274), (300, 288)], [(392, 286), (402, 272), (474, 272), (484, 286)],
    ):
        _polygon(mask, points, SUNLIT)
    return mask
