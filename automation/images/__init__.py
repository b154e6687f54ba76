"""Container images of a stack's own registry: built by docker buildx, pushed, and pinned in the stack file."""

from automation.images.operations import ImageOperations, ImageState
from automation.images.own_images import OwnImage, own_images

__all__ = ["ImageOperations", "ImageState", "OwnImage", "own_images"]
