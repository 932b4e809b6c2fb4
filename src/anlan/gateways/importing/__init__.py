"""What a city hands over 数据导入: files of any usual format into registries, the road graph, the outlines of areas."""
