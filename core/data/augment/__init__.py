"""What may be done to training samples so that no two epochs see the same, one family a file.

``augmentations`` finds them by walking this folder.
"""

from core.data.augment._kind import AugmentKind
from core.registry import Registry

augmentations = Registry("core.data.augment", AugmentKind, "augmentation")
