"""Networks: inference, training, models; knows no catalogue, no image and no task."""
